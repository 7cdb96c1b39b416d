"""Floor 2: what is offered. 挂牌"""
