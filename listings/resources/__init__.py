"""What a registered object is made of: assets, measured facts, and the papers that the law asks for. 数据资源"""
