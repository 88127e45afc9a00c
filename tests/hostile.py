"""A policy that is one long attempt to become more than text."""

HOSTILE = """---
policy: "<script>alert(1)</script> & \\"quotes\\""
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: "<img src=x onerror=alert(2)>", title: "</p><script>"}
controller: {name: "<b>Studio</b>", representative: R, address: "A<br>", email: "a@example.com"}
law: eu-gdpr
timezone: Europe/Berlin
---

# <script>alert(3)</script>

## People <svg onload=alert(4)> {#people of=person}

```promise
subject: person
```

- We send <iframe src="https://example.com"></iframe> [you](javascript:alert(5)) <b>things</b>. {#shipping}

![picture](https://example.com/x.png) <script>alert(7)</script>

```promise
purpose: shipping
uses: [name]
because: contract
```

## Contact {#contact}

Write to us.

```promise
contact: desk
team: "<script>alert(6)</script>"
email: "x@example.com"
hours: "\\"><script>"
```
"""
