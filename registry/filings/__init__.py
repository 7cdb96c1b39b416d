"""Applications to have rights registered, from submission to certificate. 登记申请"""
