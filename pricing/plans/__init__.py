"""What a participant chose: a pricing model with its parameters. 定价方案"""
