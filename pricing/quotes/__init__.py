"""What a buyer was told. 报价"""
