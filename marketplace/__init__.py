"""Floor 3: the market itself. 市场"""
