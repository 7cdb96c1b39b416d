"""What was asked of a pricing model, and what it answered. 计算记录"""
