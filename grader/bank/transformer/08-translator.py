# ruff: noqa
"""Known answers for the notebook 08-translator; see grader/instructors.py."""


# %% mistake in EncoderLayer: the mask is not handed on to the attention
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: the mask is turned round, as nn.MultiheadAttention would want it
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, None if allowed is None else ~allowed)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: pre-norm instead of post-norm
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = x + self.self_attention(*[self.norms[0](x)] * 3, allowed)[0]
        return x + self.feed_forward(self.norms[1](x))


# %% mistake in EncoderLayer: no residual connection around the attention
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: no residual connection around the network
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](self.feed_forward(x))


# %% mistake in EncoderLayer: one norm serves both sublayers
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[0](x + self.feed_forward(x))


# %% mistake in EncoderLayer: the two norms are exchanged
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[-1](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[0](x + self.feed_forward(x))


# %% mistake in EncoderLayer: the network comes before the attention
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.feed_forward(x))
        return self.norms[1](x + self.self_attention(x, x, x, allowed)[0])


# %% mistake in EncoderLayer: the network is given x as it was before the attention
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        h = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](h + self.feed_forward(x))


# %% mistake in EncoderLayer: the residual of the network is the input of the whole layer
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        h = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x + self.feed_forward(h))


# %% mistake in EncoderLayer: returns the attention's weights, too
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        seen, weights = self.self_attention(x, x, x, allowed)
        x = self.norms[0](x + seen)
        return self.norms[1](x + self.feed_forward(x)), weights


# %% mistake in EncoderLayer: a single head
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, 1)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: the norms stand in a plain list, so their weights are not registered
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = [nn.LayerNorm(d_model), nn.LayerNorm(d_model)]

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: a third norm at the end
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return F.layer_norm(self.norms[1](x + self.feed_forward(x)), x.shape[-1:])


# %% mistake in EncoderLayer: the norm is applied to the sublayer's output, and x is added after it
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = x + self.norms[0](self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: dropout, which was not asked for
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x + F.dropout(self.feed_forward(x), 0.1, self.training))


# %% mistake in EncoderLayer: values come from the normalised input
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, F.layer_norm(x, x.shape[-1:]), allowed)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: the input is detached for the residual
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x.detach() + self.feed_forward(x))


# %% mistake in EncoderLayer: the sum is written into x, which changes the caller's tensor
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x += self.self_attention(x, x, x, allowed)[0]
        x = self.norms[0](x)
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: the tuple of the attention is added as it is
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed))
        return self.norms[1](x + self.feed_forward(x))


# %% mistake in EncoderLayer: d_model and d_ff are exchanged
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_ff, d_model)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% correct EncoderLayer: the norms as modules, without residual_stack
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])

    def forward(self, x, allowed=None):
        x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
        return self.norms[1](x + self.feed_forward(x))


# %% correct EncoderLayer: residual_stack with a lambda
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(d_model)])
        self.norms.append(nn.LayerNorm(d_model))
        self.feed_forward = pieces.PositionwiseFeedForward(d_model=d_model, d_ff=d_ff)
        self.self_attention = pieces.MultiHeadAttention(d_model=d_model, num_heads=num_heads)

    def forward(self, x, allowed=None):
        sublayers = [lambda q: self.self_attention(q, q, q, allowed)[0], lambda q: self.feed_forward(q)]
        return pieces.residual_stack(x, sublayers, [tuple(norm.parameters()) for norm in self.norms])


# %% correct EncoderLayer: without any piece, all by hand
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.num_heads = num_heads
        self.self_attention = nn.ModuleDict(
            {f"w_{n}": nn.Linear(d_model, d_model) for n in ["query", "key", "value", "output"]}
        )
        self.feed_forward = nn.ModuleDict(
            {"expand": nn.Linear(d_model, d_ff), "contract": nn.Linear(d_ff, d_model)}
        )
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(2))

    def forward(self, x, allowed=None):
        maps = self.self_attention
        q, k, v = (
            maps[f"w_{n}"](x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for n in ["query", "key", "value"]
        )
        heads = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        x = self.norms[0](x + maps["w_output"](heads.transpose(1, 2).flatten(2)))
        hidden = self.feed_forward["expand"](x).relu()
        return self.norms[1](x + self.feed_forward["contract"](hidden))


# %% correct EncoderLayer: F.layer_norm with the weights of the norms
class EncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model) for i in range(2)])

    def _attend(self, x, allowed):
        output, _ = self.self_attention(x, x, x, allowed=allowed)
        return output

    def forward(self, x, allowed=None):
        for i, update in enumerate([self._attend(x, allowed), None]):
            total = x + (self.feed_forward(x) if update is None else update)
            x = F.layer_norm(total, x.shape[-1:], self.norms[i].weight, self.norms[i].bias, 1e-5)
        return x


# %% mistake in DecoderLayer: queries come from the memory, keys and values from the target
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(memory, y, y, None)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the values of the source attention are the target
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory, y, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the two masks are exchanged
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, source_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory, target_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the source mask is not used
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the target mask is not used
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y)[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the target mask acts on the source as well
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory, target_allowed if source_allowed is None and y.shape == memory.shape else source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: source attention before self-attention
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.source_attention(y, memory, memory, source_allowed)[0])
        y = self.norms[1](y + self.self_attention(y, y, y, target_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the source attention is left out
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y)
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the self-attention is left out
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y)
        y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: one attention module is used for both
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.self_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: both attentions share their weights
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = self.self_attention
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: no residual around the source attention
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: no residual around the self-attention
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the memory is added as a residual
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + memory.mean(1, keepdim=True) + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the memory is normalised again
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, F.layer_norm(memory, memory.shape[-1:]), F.layer_norm(memory, memory.shape[-1:]), source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: pre-norm instead of post-norm
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        h = self.norms[0](y)
        y = y + self.self_attention(h, h, h, target_allowed)[0]
        y = y + self.source_attention(self.norms[1](y), memory, memory, source_allowed)[0]
        return y + self.feed_forward(self.norms[2](y))


# %% mistake in DecoderLayer: the last two norms are exchanged
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[-1](y + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[1](y + self.feed_forward(y))


# %% mistake in DecoderLayer: two norms only, the last of them used twice
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(2))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[1](y + self.feed_forward(y))


# %% mistake in DecoderLayer: no norm after the source attention
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = y + self.source_attention(y, memory, memory, source_allowed)[0]
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: both attentions look from the same y, one beside the other
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        back = self.self_attention(y, y, y, target_allowed)[0]
        found = self.source_attention(y, memory, memory, source_allowed)[0]
        y = self.norms[1](self.norms[0](y + back) + found)
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: the gradient to the memory is cut
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory.detach(), memory.detach(), source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: always causal, whatever mask is given
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, torch.ones(y.shape[1], y.shape[1], dtype=torch.bool).tril())[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in DecoderLayer: returns the weights of the source attention, too
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        found, weights = self.source_attention(y, memory, memory, source_allowed)
        y = self.norms[1](y + found)
        return self.norms[2](y + self.feed_forward(y)), weights


# %% correct DecoderLayer: the norms as modules, without residual_stack
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
        y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
        return self.norms[2](y + self.feed_forward(y))


# %% correct DecoderLayer: residual_stack with lambdas
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.source_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList([nn.LayerNorm(d_model)] + [nn.LayerNorm(d_model) for _ in "ab"])

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        return pieces.residual_stack(
            y,
            [
                lambda h: self.self_attention(h, h, h, allowed=target_allowed)[0],
                lambda h: self.source_attention(h, memory, memory, allowed=source_allowed)[0],
                self.feed_forward,
            ],
            [(n.weight, n.bias) for n in self.norms],
        )


# %% correct DecoderLayer: an encoder layer's first half, step by step with names for everything
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        for name in ["self_attention", "source_attention"]:
            self.add_module(name, pieces.MultiHeadAttention(d_model, num_heads))
        self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
        self.norms = nn.ModuleList()
        while len(self.norms) < 3:
            self.norms.append(nn.LayerNorm(d_model))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        first, second, third = self.norms
        looked_back, _ = self.self_attention(y, y, y, target_allowed)
        after_looking_back = first(y + looked_back)
        looked_up, _ = self.source_attention(after_looking_back, memory, memory, source_allowed)
        after_looking_up = second(after_looking_back + looked_up)
        return third(after_looking_up + self.feed_forward(after_looking_up))


# %% correct DecoderLayer: one head after the other, without the pieces
class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.num_heads = num_heads
        names = ["w_query", "w_key", "w_value", "w_output"]
        self.self_attention = nn.ModuleDict({n: nn.Linear(d_model, d_model) for n in names})
        self.source_attention = nn.ModuleDict({n: nn.Linear(d_model, d_model) for n in names})
        self.feed_forward = nn.Sequential()
        self.feed_forward.add_module("expand", nn.Linear(d_model, d_ff))
        self.feed_forward.add_module("relu", nn.ReLU())
        self.feed_forward.add_module("contract", nn.Linear(d_ff, d_model))
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))

    def _attend(self, maps, x, seen, allowed):
        queries = maps["w_query"](x).chunk(self.num_heads, dim=-1)
        keys = maps["w_key"](seen).chunk(self.num_heads, dim=-1)
        values = maps["w_value"](seen).chunk(self.num_heads, dim=-1)
        outputs = []
        for h in range(self.num_heads):
            scores = queries[h] @ keys[h].mT / queries[h].shape[-1] ** 0.5
            if allowed is not None:
                mask = allowed.expand(len(x), self.num_heads, x.shape[1], seen.shape[1])
                scores = scores.masked_fill(~mask[:, h], -1e9)
            outputs.append(scores.softmax(-1) @ values[h])
        return maps["w_output"](torch.cat(outputs, dim=-1))

    def forward(self, y, memory, target_allowed=None, source_allowed=None):
        y = self.norms[0](y + self._attend(self.self_attention, y, y, target_allowed))
        y = self.norms[1](y + self._attend(self.source_attention, y, memory, source_allowed))
        return self.norms[2](y + self.feed_forward(y))


# %% mistake in Translator: a separate matrix for the output
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.output = nn.Linear(d_model, vocab_size, bias=False)
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return self.output(y)

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: a bias at the output
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.output_bias = nn.Parameter(torch.zeros(vocab_size))
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T + self.output_bias

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: source and target have an embedding each
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.target_embedding = nn.Embedding(vocab_size, d_model)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.target_embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: all encoder layers are the same module
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff)] * num_layers)
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the decoder layers stand in a plain list
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = [DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)]

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the embeddings are scaled twice
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids) * self.embedding.embedding_dim**0.5)
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the source has no positions
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = self.embedding(source_ids) * self.embedding.embedding_dim**0.5
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the target has no positions
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = self.embedding(decoder_input) * self.embedding.embedding_dim**0.5
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: padding is not hidden in the encoder
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: padding of the source is not hidden in the decoder
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the decoder sees the future
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.padding_mask(decoder_input.T, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the ids are not turned for padding_mask, which wants the length first
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the id of the padding is always 0
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = 0
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: only the last encoder layer is used
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            out = layer(x, allowed)
        return out if len(self.encoder) else x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the layers are applied from last to first
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in reversed(self.encoder):
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in reversed(self.decoder):
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: each decoder layer looks at the embedded source instead of the memory
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        memory = pieces.add_positions(self.embedding(source_ids))
        return self.decode(decoder_input, memory, source_ids)


# %% mistake in Translator: decode encodes the source anew and ignores the memory
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        memory = self.encode(source_ids)
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: returns probabilities instead of logits
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return (y @ self.embedding.weight.T).softmax(dim=-1)

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: returns log-probabilities instead of logits
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return (y @ self.embedding.weight.T).log_softmax(dim=-1)

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the logits are divided by the square root of d_model
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T / y.shape[-1] ** 0.5

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: logits for the last position only
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y[:, -1] @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the output's gradient does not reach the embedding
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.detach().T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: one more norm at the end of the decoder, as in nn.Transformer
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return F.layer_norm(y, y.shape[-1:]) @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the embedding keeps PyTorch's start of 1
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the embedding starts with the standard deviation 1/d_model
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=1 / d_model)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: a start symbol with the id pad_id is hidden as padding, so its row of the mask is empty
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.padding_mask(decoder_input.T, self.pad_id) & torch.ones(decoder_input.shape[1], decoder_input.shape[1], dtype=torch.bool).tril()
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: the target's padding mask is used for the source
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(decoder_input.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: source and decoder input are exchanged in forward
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(source_ids, self.encode(decoder_input), decoder_input)


# %% mistake in Translator: the diagonal is hidden too, so no position sees itself
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = torch.ones(decoder_input.shape[1], decoder_input.shape[1], dtype=torch.bool).tril(-1)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in Translator: dropout on the embedded source
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = F.dropout(pieces.add_positions(self.embedding(source_ids)), 0.1, self.training)
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% correct Translator: layer by layer with ModuleList.append, F.linear for the logits
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList()
        self.decoder = nn.ModuleList()
        for _ in range(num_layers):
            self.encoder.append(EncoderLayer(d_model, num_heads, d_ff))
            self.decoder.append(DecoderLayer(d_model, num_heads, d_ff))

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return F.linear(y, self.embedding.weight)

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% correct Translator: masks of its own, positions by hand
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id, self.d_model = pad_id, d_model
        self.embedding = nn.Embedding(vocab_size, d_model)
        with torch.no_grad():
            self.embedding.weight.copy_(torch.randn(vocab_size, d_model) / d_model**0.5)
        self.encoder = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff) for i in range(num_layers)])
        self.decoder = nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff) for i in range(num_layers)])

    def _embed(self, ids):
        vectors = F.embedding(ids, self.embedding.weight)
        place = torch.arange(ids.shape[1], dtype=torch.float64)[:, None]
        angle = place / 10000 ** (torch.arange(0, self.d_model, 2, dtype=torch.float64) / self.d_model)
        table = torch.stack([angle.sin(), angle.cos()], dim=2).reshape(ids.shape[1], self.d_model)
        return vectors * self.d_model**0.5 + table.to(vectors.dtype)

    def encode(self, source_ids):
        x = self._embed(source_ids)
        for layer in self.encoder:
            x = layer(x, (source_ids != self.pad_id)[:, None, None, :])
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = self._embed(decoder_input)
        length = decoder_input.shape[1]
        # Padding comes last, so the causal mask hides it as well.
        earlier = torch.ones(length, length, dtype=torch.bool).tril()[None, None]
        for layer in self.decoder:
            y = layer(y, memory, earlier, (source_ids != self.pad_id)[:, None, None, :])
        return torch.einsum("btd,vd->btv", y, self.embedding.weight)

    def forward(self, source_ids, decoder_input):
        memory = self.encode(source_ids)
        return self.decode(decoder_input, memory, source_ids)


# %% correct Translator: the memory by keyword
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        batch, length = source_ids.shape
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input=decoder_input, memory=self.encode(source_ids), source_ids=source_ids)


# %% correct Translator: functools.reduce over the layers
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(
            EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
        )

    def encode(self, source_ids):
        x = pieces.add_positions(self.embedding(source_ids))
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        return functools.reduce(lambda h, layer: layer(h, allowed), self.encoder, x)

    def decode(self, decoder_input, memory, source_ids):
        y = pieces.add_positions(self.embedding(decoder_input))
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        y = functools.reduce(
            lambda h, layer: layer(h, memory, target_allowed, source_allowed), self.decoder, y
        )
        return y @ self.embedding.weight.T

    def forward(self, source_ids, decoder_input):
        return self.decode(decoder_input, self.encode(source_ids), source_ids)


# %% mistake in translation_loss: the decoder is given the target itself, not shifted, and only has to copy
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, target_ids)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake in translation_loss: the labels are shifted as well
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, decoder_input, smoothing)


# %% mistake in translation_loss: shifts a second time: logits at position i are compared with token i + 1
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits[:, :-1], labels[:, 1:], smoothing)


# %% mistake in translation_loss: the smoothing is forgotten
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, 0.0)


# %% mistake in translation_loss: the smoothing is always 0.1
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, 0.1)


# %% mistake in translation_loss: 1 − smoothing is handed on
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, 1 - smoothing)


# %% mistake in translation_loss: bos_id and pad_id are exchanged
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, model.pad_id, bos_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake in translation_loss: the start symbol is always 1
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, 1, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake in translation_loss: the padding is always 0
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, 0)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake in translation_loss: padding counts like a token
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, target_ids, smoothing)


# %% mistake in translation_loss: a sum instead of a mean
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing) * (labels != -100).sum()


# %% mistake in translation_loss: the mean over all positions, padding included in the number
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing) * (labels != -100).sum() / labels.numel()


# %% mistake in translation_loss: the mean of the sentences' means, so short sentences weigh more
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    rows = [pieces.smoothed_cross_entropy(a, b, smoothing) for a, b in zip(logits, labels)]
    return torch.stack(rows).mean()


# %% mistake in translation_loss: source and decoder input are exchanged
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(decoder_input, source_ids[:, : decoder_input.shape[1]])
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake in translation_loss: returns a Python number, which has no gradient
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing).item()


# %% mistake in translation_loss: the logits are computed without gradients
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    with torch.no_grad():
        logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake in translation_loss: a softmax before the loss, which has its own
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits.softmax(-1), labels, smoothing)


# %% mistake in translation_loss: the end token is left out of the loss
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits[:, :-1], labels[:, :-1], smoothing)


# %% mistake in translation_loss: the source is shifted, too
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(pieces.shift_right(source_ids, bos_id, model.pad_id)[0], decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake in translation_loss: the loss at padding is not ignored, since the labels keep pad_id
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return F.cross_entropy(logits.transpose(1, 2), labels.clamp(min=0), label_smoothing=smoothing)


# %% correct translation_loss: PyTorch's cross-entropy
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    start = torch.full_like(target_ids[:, :1], bos_id)
    logits = model(source_ids, torch.cat([start, target_ids[:, :-1]], dim=1))
    return F.cross_entropy(
        logits.flatten(0, 1),
        target_ids.flatten(),
        ignore_index=model.pad_id,
        label_smoothing=smoothing,
    )


# %% correct translation_loss: encode and decode apart, the loss by hand
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input = F.pad(target_ids, (1, 0), value=bos_id)[:, :-1]
    memory = model.encode(source_ids)
    log_p = model.decode(decoder_input, memory, source_ids).log_softmax(-1)
    real = target_ids != model.pad_id
    log_p, wanted = log_p[real], target_ids[real]
    right = log_p[torch.arange(len(wanted)), wanted]
    return -((1 - smoothing) * right + smoothing * log_p.mean(-1)).mean()


# %% correct translation_loss: roll, and the pieces for the rest
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input = target_ids.roll(1, dims=1)
    decoder_input[:, 0] = bos_id
    labels = pieces.shift_right(target_ids, bos_id, model.pad_id)[1]
    return pieces.smoothed_cross_entropy(model(source_ids, decoder_input), labels, smoothing=smoothing)


# %% correct translation_loss: the loss with pad_id as ignore_index
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    inputs, _ = pieces.shift_right(target_ids, bos_id=bos_id, pad_id=model.pad_id)
    logits = model.forward(source_ids, inputs)
    return pieces.smoothed_cross_entropy(logits, target_ids, smoothing, ignore_index=model.pad_id)


# %% mistake in translate: the source is encoded again for every token
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model(source_ids, ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: the scores are those of the first position
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, 0]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: the decoder is given the last token only
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids[:, -1:], memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: the start symbol stays in the result
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return torch.cat([prefix, output], dim=1)


# %% mistake in translate: the start symbol counts towards max_length
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length - 1)
    model.train(was_training)
    return output


# %% mistake in translate: eos_id and pad_id are exchanged
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, model.pad_id, eos_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: the padding is always 0
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, 0, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: begins with the source's first token instead of the start symbol
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = source_ids[:, :1]
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: a start symbol for a single sentence, whatever the batch
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.tensor([[bos_id]])
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: the start symbol is always 1
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), 1)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: stays in training mode
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: leaves the model in evaluation mode
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    return output


# %% mistake in translate: leaves the model in training mode, whatever it was in before
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train()
    return output


# %% mistake in translate: switches to evaluation mode after encoding only
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    with torch.no_grad():
        memory = model.encode(source_ids)
        model.eval()

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: records gradients
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.enable_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: records gradients while encoding
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    memory = model.encode(source_ids)
    with torch.no_grad():

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: returns a list of lists
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output.tolist()


# %% mistake in translate: drops the last column, the end token of the longest sentence
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output[:, :-1]


# %% mistake in translate: looks up the memory of the first sentence for all
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory[:1].expand_as(memory), source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: the least probable token
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1].neg()

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake in translate: stops when the first sentence has ended
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    ended = (output == eos_id).any(dim=0)
    return output[:, : int(ended.float().argmax()) + 1] if ended.any() else output


# %% mistake in translate: cuts the end token away
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output.masked_fill(output == eos_id, model.pad_id)


# %% mistake in translate: goes on after the end token
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, -1, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% correct translate: try and finally, a lambda
def translate(model, source_ids, bos_id, eos_id, max_length):
    mode = model.training
    model.train(False)
    try:
        with torch.inference_mode():
            memory = model.encode(source_ids)
            begin = torch.full_like(source_ids[:, :1], bos_id)
            new = pieces.greedy_decode(
                lambda so_far: model.decode(so_far, memory, source_ids)[:, -1, :],
                prefix=begin,
                eos_id=eos_id,
                pad_id=model.pad_id,
                max_length=max_length,
            )
    finally:
        model.train(mode)
    return new.clone()


# %% correct translate: a decorator for the gradients and a loop of its own
@torch.no_grad()
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    memory = model.encode(source_ids)
    batch = source_ids.shape[0]
    ids = torch.empty(batch, 1, dtype=torch.long).fill_(bos_id)
    done = torch.zeros(batch, dtype=torch.bool)
    for _ in range(max_length):
        token = model.decode(ids, memory, source_ids)[:, -1].argmax(-1)
        token = torch.where(done, model.pad_id, token)
        ids = torch.cat([ids, token.unsqueeze(1)], dim=1)
        done |= token == eos_id
        if done.all():
            break
    if was_training:
        model.train()
    return ids[:, 1:]


# %% correct translate: sentence by sentence, padded at the end
def translate(model, source_ids, bos_id, eos_id, max_length):
    before = model.training
    with torch.no_grad():
        model.eval()
        memory = model.encode(source_ids)
        rows = []
        for i in range(len(source_ids)):
            row = torch.tensor([[bos_id]])
            for _ in range(max_length):
                scores = model.decode(row, memory[i : i + 1], source_ids[i : i + 1])[0, -1]
                row = torch.cat([row, scores.argmax().reshape(1, 1)], dim=1)
                if row[0, -1] == eos_id:
                    break
            rows.append(row[0, 1:])
        model.train(before)
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=model.pad_id)
