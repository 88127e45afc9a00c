"""The company's databases under the gate."""
