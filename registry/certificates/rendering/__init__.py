"""What people hold of a certificate: from what it says to the bytes of a PDF. Pure, but for reading the font. 登记证书的版式文件"""
