"""Known answers to DecoderLayer; grader/bank/__init__.py explains the format."""


# %% mistake: queries come from the memory, keys and values from the target
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.source_attention(memory, y, y, None)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the values of the source attention are the target
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.source_attention(y, memory, y, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the two masks are exchanged
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, source_allowed)[0])
    y = self.norms[1](y + self.source_attention(y, memory, memory, target_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the source mask is not used
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.source_attention(y, memory, memory)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the target mask is not used
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y)[0])
    y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the target mask acts on the source as well
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.source_attention(y, memory, memory, target_allowed if source_allowed is None and y.shape == memory.shape else source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: source attention before self-attention
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.source_attention(y, memory, memory, source_allowed)[0])
    y = self.norms[1](y + self.self_attention(y, y, y, target_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the source attention is left out
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y)
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the self-attention is left out
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y)
    y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: one attention module is used for both
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.self_attention(y, memory, memory, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: both attentions share their weights
def __init__(self, d_model, num_heads, d_ff):
    super().__init__()
    self.self_attention = pieces.MultiHeadAttention(d_model, num_heads)
    self.source_attention = self.self_attention
    self.feed_forward = pieces.PositionwiseFeedForward(d_model, d_ff)
    self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(3))


# %% mistake: no residual around the source attention
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](self.source_attention(y, memory, memory, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: no residual around the self-attention
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the memory is added as a residual
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + memory.mean(1, keepdim=True) + self.source_attention(y, memory, memory, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the memory is normalised again
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.source_attention(y, F.layer_norm(memory, memory.shape[-1:]), F.layer_norm(memory, memory.shape[-1:]), source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: pre-norm instead of post-norm
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    h = self.norms[0](y)
    y = y + self.self_attention(h, h, h, target_allowed)[0]
    y = y + self.source_attention(self.norms[1](y), memory, memory, source_allowed)[0]
    return y + self.feed_forward(self.norms[2](y))


# %% mistake: the last two norms are exchanged
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[-1](y + self.source_attention(y, memory, memory, source_allowed)[0])
    return self.norms[1](y + self.feed_forward(y))


# %% mistake: two norms only, the last of them used twice
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


# %% mistake: no norm after the source attention
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = y + self.source_attention(y, memory, memory, source_allowed)[0]
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: both attentions look from the same y, one beside the other
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    back = self.self_attention(y, y, y, target_allowed)[0]
    found = self.source_attention(y, memory, memory, source_allowed)[0]
    y = self.norms[1](self.norms[0](y + back) + found)
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: the gradient to the memory is cut
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.source_attention(y, memory.detach(), memory.detach(), source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: always causal, whatever mask is given
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, torch.ones(y.shape[1], y.shape[1], dtype=torch.bool).tril())[0])
    y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% mistake: returns the weights of the source attention, too
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    found, weights = self.source_attention(y, memory, memory, source_allowed)
    y = self.norms[1](y + found)
    return self.norms[2](y + self.feed_forward(y)), weights


# %% correct: the norms as modules, without residual_stack
def forward(self, y, memory, target_allowed=None, source_allowed=None):
    y = self.norms[0](y + self.self_attention(y, y, y, target_allowed)[0])
    y = self.norms[1](y + self.source_attention(y, memory, memory, source_allowed)[0])
    return self.norms[2](y + self.feed_forward(y))


# %% correct: residual_stack with lambdas
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


# %% correct: an encoder layer's first half, step by step with names for everything
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


# %% correct: one head after the other, without the pieces
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
