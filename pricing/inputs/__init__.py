"""JSON that is too long for a request: uploaded once, named by its id afterwards. 计算输入文件"""
