"""Known answers to EncoderLayer; grader/bank/__init__.py explains the format."""


# %% mistake: the mask is not handed on to the attention
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x)[0])
    return self.norms[1](x + self.feed_forward(x))


# %% mistake: the mask is turned round, as nn.MultiheadAttention would want it
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x, None if allowed is None else ~allowed)[0])
    return self.norms[1](x + self.feed_forward(x))


# %% mistake: pre-norm instead of post-norm
def forward(self, x, allowed=None):
    x = x + self.self_attention(*[self.norms[0](x)] * 3, allowed)[0]
    return x + self.feed_forward(self.norms[1](x))


# %% mistake: no residual connection around the attention
def forward(self, x, allowed=None):
    x = self.norms[0](self.self_attention(x, x, x, allowed)[0])
    return self.norms[1](x + self.feed_forward(x))


# %% mistake: no residual connection around the network
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
    return self.norms[1](self.feed_forward(x))


# %% mistake: one norm serves both sublayers
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
    return self.norms[0](x + self.feed_forward(x))


# %% mistake: the two norms are exchanged
def forward(self, x, allowed=None):
    x = self.norms[-1](x + self.self_attention(x, x, x, allowed)[0])
    return self.norms[0](x + self.feed_forward(x))


# %% mistake: the network comes before the attention
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.feed_forward(x))
    return self.norms[1](x + self.self_attention(x, x, x, allowed)[0])


# %% mistake: the network is given x as it was before the attention
def forward(self, x, allowed=None):
    h = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
    return self.norms[1](h + self.feed_forward(x))


# %% mistake: the residual of the network is the input of the whole layer
def forward(self, x, allowed=None):
    h = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
    return self.norms[1](x + self.feed_forward(h))


# %% mistake: returns the attention's weights, too
def forward(self, x, allowed=None):
    seen, weights = self.self_attention(x, x, x, allowed)
    x = self.norms[0](x + seen)
    return self.norms[1](x + self.feed_forward(x)), weights


# %% mistake: a single head
def __init__(self, d_model, num_heads, d_ff):
    super().__init__()
    self.self_attention = pieces.MultiHeadAttention(d_model, 1)
    self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
    self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])


# %% mistake: the norms stand in a plain list, so their weights are not registered
def __init__(self, d_model, num_heads, d_ff):
    super().__init__()
    self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
    self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
    self.norms = [nn.LayerNorm(d_model), nn.LayerNorm(d_model)]


# %% mistake: a third norm at the end
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
    return F.layer_norm(self.norms[1](x + self.feed_forward(x)), x.shape[-1:])


# %% mistake: the norm is applied to the sublayer's output, and x is added after it
def forward(self, x, allowed=None):
    x = x + self.norms[0](self.self_attention(x, x, x, allowed)[0])
    return self.norms[1](x + self.feed_forward(x))


# %% mistake: dropout, which was not asked for
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
    return self.norms[1](x + F.dropout(self.feed_forward(x), 0.1, self.training))


# %% mistake: values come from the normalised input
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, F.layer_norm(x, x.shape[-1:]), allowed)[0])
    return self.norms[1](x + self.feed_forward(x))


# %% mistake: the input is detached for the residual
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
    return self.norms[1](x.detach() + self.feed_forward(x))


# %% mistake: the sum is written into x, which changes the caller's tensor
def forward(self, x, allowed=None):
    x += self.self_attention(x, x, x, allowed)[0]
    x = self.norms[0](x)
    return self.norms[1](x + self.feed_forward(x))


# %% mistake: the tuple of the attention is added as it is
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x, allowed))
    return self.norms[1](x + self.feed_forward(x))


# %% mistake: d_model and d_ff are exchanged
def __init__(self, d_model, num_heads, d_ff):
    super().__init__()
    self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
    self.feed_forward = pieces.PositionwiseFeedForward(d_ff, d_model)
    self.norms = nn.ModuleList([nn.LayerNorm(d_model), nn.LayerNorm(d_model)])


# %% correct: the norms as modules, without residual_stack
def forward(self, x, allowed=None):
    x = self.norms[0](x + self.self_attention(x, x, x, allowed)[0])
    return self.norms[1](x + self.feed_forward(x))


# %% correct: residual_stack with a lambda
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


# %% correct: without any piece, all by hand
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


# %% correct: F.layer_norm with the weights of the norms
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
