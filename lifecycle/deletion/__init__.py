"""The deletion of one's account: asked for, waited for, withdrawn or executed (PC-34)."""
