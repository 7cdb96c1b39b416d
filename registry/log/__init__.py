"""What happened, in one order that nobody can change and outsiders can verify. 存证日志"""
