"""Whether a server keeps the Open Inference Protocol V2, seen from outside: any server, not just samescore's."""
