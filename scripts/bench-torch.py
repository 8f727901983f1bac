#!/usr/bin/env python3
"""The same work as `rlt bench`, in plain PyTorch as one would write it, to measure beside it.

usage: bench-torch.py TASK [--shape 30m|qwen2.5-0.5b] [--dtype bf16|fp32] [--device cpu|cuda] [--batch N] [--rows N] [--threads N] [--reps N]
TASK: score (log-probabilities of --batch x 512 tokens), sft (a training step on them), decode (--rows sequences, 128 tokens after 128).
Prints one JSON object: {"task", "dtype", "tokens_per_second"}.
"""
import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

SHAPES = {"30m": (512, 8, 8, 2, 1536, 4096), "qwen2.5-0.5b": (896, 24, 14, 2, 4864, 151936)}
TOKENS, PROMPT, NEW = 512, 128, 128


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["score", "sft", "decode"])
    parser.add_argument("--shape", choices=SHAPES, default="30m")
    parser.add_argument("--dtype", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--reps", type=int, default=3)
    return parser.parse_args()


OPTIONS = parse()
WIDTH, LAYERS, HEADS, KV_HEADS, INNER, VOCABULARY = SHAPES[OPTIONS.shape]
HEAD_WIDTH = WIDTH // HEADS


class RMSNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6)).to(x.dtype)


def rotate(x, cos, sin):
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        kv_width = KV_HEADS * HEAD_WIDTH
        self.norm1, self.norm2 = RMSNorm(), RMSNorm()
        self.q, self.k, self.v = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, kv_width), nn.Linear(WIDTH, kv_width)
        self.o = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate, self.up, self.down = nn.Linear(WIDTH, INNER, bias=False), nn.Linear(WIDTH, INNER, bias=False), nn.Linear(INNER, WIDTH, bias=False)

    def forward(self, x, cos, sin, cache, start):
        batch, tokens, _ = x.shape
        h = self.norm1(x)
        q, k, v = (proj(h).view(batch, tokens, -1, HEAD_WIDTH).transpose(1, 2) for proj in (self.q, self.k, self.v))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            cache[0][:, :, start:start + tokens], cache[1][:, :, start:start + tokens] = k, v
            k, v = cache[0][:, :, :start + tokens], cache[1][:, :, :start + tokens]
        x = x + self.o(self.attend(q, k, v).transpose(1, 2).reshape(batch, tokens, WIDTH))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))

    @staticmethod
    def attend(q, k, v):
        batch, _, tokens, _ = q.shape
        if tokens == 1:  # the query heads that share a key head become rows, so that keys and values need not be repeated
            weights = (q.view(batch, KV_HEADS, HEADS // KV_HEADS, HEAD_WIDTH) @ k.transpose(-1, -2) / HEAD_WIDTH**0.5).softmax(-1)
            return (weights @ v).view(batch, HEADS, 1, HEAD_WIDTH)
        k, v = (x.repeat_interleave(HEADS // KV_HEADS, 1) for x in (k, v))
        if hasattr(F, "scaled_dot_product_attention"):
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        scores = q @ k.transpose(-1, -2) / HEAD_WIDTH**0.5
        future = torch.ones(tokens, tokens, dtype=torch.bool, device=q.device).triu(1)
        return scores.masked_fill_(future, float("-inf")).float().softmax(-1).to(v.dtype) @ v


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = RMSNorm()
        angles = torch.outer(torch.arange(2048.0), 10000.0 ** (-torch.arange(0, HEAD_WIDTH, 2) / HEAD_WIDTH)).repeat(1, 2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02)

    def forward(self, ids, caches=None, start=0, last_only=False):
        x = self.embedding(ids)
        cos, sin = (table[start:start + ids.shape[1]].to(x.dtype) for table in (self.cos, self.sin))
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, caches[i] if caches else None, start)
        x = self.norm(x)
        return F.linear(x[:, -1:] if last_only else x, self.embedding.weight)


def log_probs(model, ids):
    logits = model(ids[:, :-1]).float()
    return -F.cross_entropy(logits.reshape(-1, VOCABULARY), ids[:, 1:].reshape(-1), reduction="none")


def decode(model, rows, device, dtype):
    """Seconds of drawing NEW - 1 tokens a row after the first."""
    shape = (rows, KV_HEADS, PROMPT + NEW, HEAD_WIDTH)
    caches = [(torch.zeros(shape, device=device, dtype=dtype), torch.zeros(shape, device=device, dtype=dtype)) for _ in range(LAYERS)]
    draw = lambda logits: torch.multinomial((logits[:, -1].float() / 0.7).softmax(-1), 1)
    token = draw(model(torch.randint(0, VOCABULARY, (rows, PROMPT), device=device), caches, 0, True))
    seconds = clock(device)
    for position in range(PROMPT, PROMPT + NEW - 1):
        token = draw(model(token, caches, position, True))
    return clock(device) - seconds


def clock(device):
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def main():
    if OPTIONS.threads:
        torch.set_num_threads(OPTIONS.threads)
    torch.manual_seed(0)
    dtype = torch.bfloat16 if OPTIONS.dtype == "bf16" else torch.float32
    model = Model().to(OPTIONS.device, dtype)
    ids = torch.randint(0, VOCABULARY, (OPTIONS.batch, TOKENS + 1), device=OPTIONS.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)

    def once():
        if OPTIONS.task == "decode":
            with torch.no_grad():
                return decode(model, OPTIONS.rows, OPTIONS.device, dtype)
        start = clock(OPTIONS.device)
        if OPTIONS.task == "score":
            with torch.no_grad():
                log_probs(model, ids)
        else:
            optimizer.zero_grad(set_to_none=True)
            (-log_probs(model, ids).mean()).backward()
            optimizer.step()
        return clock(OPTIONS.device) - start

    once()
    seconds = statistics.median(once() for _ in range(OPTIONS.reps))
    tokens = OPTIONS.rows * (NEW - 1) if OPTIONS.task == "decode" else OPTIONS.batch * TOKENS
    print(json.dumps({"task": OPTIONS.task, "dtype": OPTIONS.dtype, "tokens_per_second": round(tokens / seconds, 1)}))


if __name__ == "__main__":
    main()
