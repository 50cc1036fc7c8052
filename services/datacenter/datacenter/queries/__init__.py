"""What the data center tells: figures, boards, lineage, proofs. Rows start from
`kit.security.access.scoped`.
"""
