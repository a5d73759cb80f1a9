"""WHERE FROM: engines behind one small protocol, binding of parameters, rendering of dialects."""
