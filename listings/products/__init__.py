"""What is offered: products, their versions, listings and offers. 产品与挂牌"""
