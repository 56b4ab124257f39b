"""Touchstone: may this go out, and what is the evidence?"""
