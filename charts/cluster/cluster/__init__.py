"""A Kubernetes control plane made of plain processes, with a kubelet that only pretends: what
charts are tried on.
"""
