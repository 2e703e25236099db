"""AI credits as thought: rules, the ledger's words, what a month has left, what may be bought. No I/O, no clock.

Source: "AI credits" in docs/credits.md; a credit is one AI generation at Convo.
"""
