"""The S-box of AES (FIPS 197 section 5.1.1) as a circuit on eight bit planes: no table, no branch, one time.

A plane is an int with one bit of each byte of the state. The circuit is the one of Boyar and Peralta (2010),
32 AND and 79 XOR, without the constant 63 of the affine map: who calls has that in the round keys.
"""


def substitute(planes):
    """8 planes, the lowest bit first -> 8 planes: each byte through the S-box, XORed with 63."""
    forms = _forms(planes)
    return _outputs(_products(forms, _inverse(_folded(forms))))


def _forms(planes):
    """The linear forms of the input that are multiplied: x7, y1 to y17; and y18 to y21."""
    x7, x6, x5, x4, x3, x2, x1, x0 = planes
    y14 = x3 ^ x5
    y13 = x0 ^ x6
    y9 = x0 ^ x3
    y8 = x0 ^ x5
    t0 = x1 ^ x2
    y1 = t0 ^ x7
    y5 = y1 ^ x6
    y12 = y13 ^ y14
    t1 = x4 ^ y12
    y15 = t1 ^ x5
    y20 = t1 ^ x1
    y10 = y15 ^ t0
    y11 = y20 ^ y9
    y16 = t0 ^ y11
    multiplied = (x7, y1, y1 ^ x0, y5 ^ y8, y1 ^ x3, y5, y15 ^ x7, x7 ^ y11, y8, y9)
    return multiplied + (y10, y11, y12, y13, y14, y15, y16, y10 ^ y11), (x0 ^ y16, y10 ^ y8, y20, y13 ^ y16)


def _folded(forms):
    """The element to invert, four planes."""
    (x7, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11, y12, y13, y14, y15, y16, y17), added = forms
    y18, y19, y20, y21 = added
    t2 = y12 & y15
    t7 = y13 & y16
    t12 = y9 & y11
    t14 = y14 & y17 ^ t12
    t16 = y8 & y10 ^ t12
    t21 = y3 & y6 ^ t2 ^ t14 ^ y20
    t22 = y4 & x7 ^ t2 ^ t16 ^ y19
    return t21, t22, y5 & y1 ^ t7 ^ t14 ^ y21, y2 & y7 ^ t7 ^ t16 ^ y18


def _inverse(folded):
    """Its inverse in GF(2^4), and the sums of that: t29, t33, t37, t40 to t45."""
    t21, t22, t23, t24 = folded
    t25 = t21 ^ t22
    t26 = t21 & t23
    t27 = t24 ^ t26
    t29 = t25 & t27 ^ t22
    t33 = (t22 ^ t26) & (t23 ^ t24) ^ t24
    t36 = t24 & (t27 ^ t33)
    t37 = t36 ^ t23 ^ t33
    t40 = t25 ^ t29 & (t27 ^ t36)
    t41 = t40 ^ t37
    t42 = t29 ^ t33
    return t29, t33, t37, t40, t41, t42, t29 ^ t40, t33 ^ t37, t42 ^ t41


def _products(forms, inverse):
    """z0 to z17."""
    x7, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11, y12, y13, y14, y15, y16, y17 = forms[0]
    t29, t33, t37, t40, t41, t42, t43, t44, t45 = inverse
    first = (t44 & y15, t37 & y6, t33 & x7, t43 & y16, t40 & y1, t29 & y7, t42 & y11, t45 & y17, t41 & y10)
    return first + (
        (t44 & y12, t37 & y3, t33 & y4, t43 & y13, t40 & y5, t29 & y2, t42 & y9, t45 & y14, t41 & y8)
    )


def _outputs(products):
    """The linear map at the end."""
    z0, z1, z2, z3, z4, z5, z6, z7, z8, z9, z10, z11, z12, z13, z14, z15, z16, z17 = products
    t46 = z15 ^ z16
    t48 = z5 ^ z13
    t53 = z0 ^ z3
    t54 = z6 ^ z7
    t57 = z2 ^ z12 ^ t53
    t58 = z4 ^ t46
    t59 = z3 ^ t54
    t62 = z7 ^ z8 ^ t58
    t63 = z9 ^ z10 ^ t58
    t64 = z4 ^ t59
    t65 = z14 ^ t57 ^ t62
    t66 = z1 ^ t63
    s3 = t53 ^ t66
    return (t48 ^ t46 ^ t57, z12 ^ t48 ^ t62, z10 ^ z11 ^ t65, z2 ^ z5 ^ t66) + (
        s3,
        z16 ^ z17 ^ t64 ^ t65,
        t64 ^ s3,
        t59 ^ t63,
    )
