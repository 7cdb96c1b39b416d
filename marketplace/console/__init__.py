"""Pages for people: what the market is, what is listed, what is on public notice, what the log says, what it costs. 网页"""
