"""How the makers of a joint product divide its income: a rule that all of them agreed to. 共同产品分成方案"""
