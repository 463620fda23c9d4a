"""Known answers to PositionwiseFeedForward; grader/bank/__init__.py explains the format."""


# %% mistake: the activation is missing
def forward(self, x):
    return self.contract(self.expand(x))


# %% mistake: the activation stands after the second map
def forward(self, x):
    return self.activation(self.contract(self.expand(x)))


# %% mistake: the activation stands before the first map
def forward(self, x):
    return self.contract(self.expand(self.activation(x)))


# %% mistake: a second activation stands after the second map
def forward(self, x):
    return self.activation(self.contract(self.activation(self.expand(x))))


# %% mistake: always a ReLU, whatever activation was given
def forward(self, x):
    return self.contract(torch.relu(self.expand(x)))


# %% mistake: a GELU where the paper has a ReLU
def __init__(self, d_model, d_ff, activation=torch.relu):
    super().__init__()
    self.expand = nn.Linear(d_model, d_ff)
    self.contract = nn.Linear(d_ff, d_model)
    self.activation = F.gelu if activation is torch.relu else activation


# %% mistake: the linear maps have no bias
def __init__(self, d_model, d_ff, activation=torch.relu):
    super().__init__()
    self.expand = nn.Linear(d_model, d_ff, bias=False)
    self.contract = nn.Linear(d_ff, d_model, bias=False)
    self.activation = activation


# %% mistake: d_model and d_ff are exchanged
def __init__(self, d_model, d_ff, activation=torch.relu):
    super().__init__()
    self.expand = nn.Linear(d_ff, d_model)
    self.contract = nn.Linear(d_model, d_ff)
    self.activation = activation


# %% mistake: the hidden width is always 4 · d_model
def __init__(self, d_model, d_ff, activation=torch.relu):
    super().__init__()
    self.expand = nn.Linear(d_model, 4 * d_model)
    self.contract = nn.Linear(4 * d_model, d_model)
    self.activation = activation


# %% mistake: adds the input, which is the residual connection's work
def forward(self, x):
    return x + self.contract(self.activation(self.expand(x)))


# %% mistake: the maps have other names than the task prescribes
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))


# %% mistake: the layers stand in a plain list, so their parameters are not registered
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.layers = [nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)]
        self.activation = activation

    def forward(self, x):
        return self.layers[1](self.activation(self.layers[0](x)))


# %% mistake: new linear maps are made in every call
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.d_model, self.d_ff, self.activation = d_model, d_ff, activation

    def forward(self, x):
        expand = nn.Linear(self.d_model, self.d_ff)
        contract = nn.Linear(self.d_ff, self.d_model)
        return contract(self.activation(expand(x)))


# %% mistake: the maps act along the positions instead of the features
def forward(self, x):
    return self.contract(self.activation(self.expand(x.transpose(-2, -1)))).transpose(-2, -1)


# %% mistake: the positions are averaged and then all get the same
def forward(self, x):
    hidden = self.activation(self.expand(x))
    return self.contract(hidden.mean(-2, keepdim=True).expand_as(hidden))


# %% mistake: expects exactly three dimensions
def forward(self, x):
    batch, length, d_model = x.shape
    hidden = self.activation(self.expand(x.view(batch * length, d_model)))
    return self.contract(hidden).view(batch, length, d_model)


# %% mistake: flattens with view, which fails on a tensor that is not contiguous
def forward(self, x):
    hidden = self.activation(self.expand(x.view(-1, x.shape[-1])))
    return self.contract(hidden).view(x.shape)


# %% mistake: a dropout of 0.5 stands between the maps
def forward(self, x):
    return self.contract(F.dropout(self.activation(self.expand(x)), 0.5, self.training))


# %% mistake: the second map takes the first one's weights, transposed
def forward(self, x):
    hidden = self.activation(self.expand(x))
    return hidden @ self.expand.weight + self.contract.bias


# %% mistake: the hidden layer is cut off from the gradient
def forward(self, x):
    return self.contract(self.activation(self.expand(x)).detach())


# %% correct: matrix products with the weights
def forward(self, x):
    hidden = x @ self.expand.weight.mT + self.expand.bias
    return self.activation(hidden) @ self.contract.weight.mT + self.contract.bias


# %% correct: flattened to a matrix and back
def forward(self, x):
    hidden = self.activation(self.expand(x.reshape(-1, x.shape[-1])))
    return self.contract(hidden).reshape(x.shape)


# %% correct: F.linear
def forward(self, x):
    hidden = self.activation(F.linear(x, self.expand.weight, self.expand.bias))
    return F.linear(hidden, self.contract.weight, self.contract.bias)


# %% correct: one position after another
def forward(self, x):
    rows = x.reshape(-1, x.shape[-1])
    rows = [self.contract(self.activation(self.expand(row))) for row in rows]
    return torch.stack(rows).reshape(x.shape)


# %% correct: a buffer and a further name for the layers in the state dict
class PositionwiseFeedForward(nn.Module):
    """Linear map, activation, linear map back, at every position alike."""

    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation
        self.register_buffer('scale', torch.ones(1))
        self.layers = nn.ModuleList([self.expand, self.contract])

    def forward(self, x):
        """(*batch, d_model) to (*batch, d_model)."""
        return self.contract(self.activation(self.expand(x)))
