"""How what is offered is found: search, the open list of public data, and what public data may cost. 目录"""
