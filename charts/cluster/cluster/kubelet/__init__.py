"""The pretended kubelet: what kwok does with pods, and what it must wait for."""
