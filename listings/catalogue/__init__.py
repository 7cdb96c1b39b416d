"""How what is offered is found: search, and the open list of public data. 目录"""
