# ruff: noqa
"""Known answers for the notebook 06-feed-forward-and-residual; see grader/instructors.py."""

# %% mistake in PositionwiseFeedForward: the activation is missing
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.contract(self.expand(x))

# %% mistake in PositionwiseFeedForward: the activation stands after the second map
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.activation(self.contract(self.expand(x)))

# %% mistake in PositionwiseFeedForward: the activation stands before the first map
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.contract(self.expand(self.activation(x)))

# %% mistake in PositionwiseFeedForward: a second activation stands after the second map
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.activation(self.contract(self.activation(self.expand(x))))

# %% mistake in PositionwiseFeedForward: always a ReLU, whatever activation was given
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.contract(torch.relu(self.expand(x)))

# %% mistake in PositionwiseFeedForward: a GELU where the paper has a ReLU
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = F.gelu if activation is torch.relu else activation

    def forward(self, x):
        return self.contract(self.activation(self.expand(x)))

# %% mistake in PositionwiseFeedForward: the linear maps have no bias
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff, bias=False)
        self.contract = nn.Linear(d_ff, d_model, bias=False)
        self.activation = activation

    def forward(self, x):
        return self.contract(self.activation(self.expand(x)))

# %% mistake in PositionwiseFeedForward: d_model and d_ff are exchanged
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_ff, d_model)
        self.contract = nn.Linear(d_model, d_ff)
        self.activation = activation

    def forward(self, x):
        return self.contract(self.activation(self.expand(x)))

# %% mistake in PositionwiseFeedForward: the hidden width is always 4 · d_model
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, 4 * d_model)
        self.contract = nn.Linear(4 * d_model, d_model)
        self.activation = activation

    def forward(self, x):
        return self.contract(self.activation(self.expand(x)))

# %% mistake in PositionwiseFeedForward: adds the input, which is the residual connection's work
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return x + self.contract(self.activation(self.expand(x)))

# %% mistake in PositionwiseFeedForward: the maps have other names than the task prescribes
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))

# %% mistake in PositionwiseFeedForward: the layers stand in a plain list, so their parameters are not registered
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.layers = [nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)]
        self.activation = activation

    def forward(self, x):
        return self.layers[1](self.activation(self.layers[0](x)))

# %% mistake in PositionwiseFeedForward: new linear maps are made in every call
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.d_model, self.d_ff, self.activation = d_model, d_ff, activation

    def forward(self, x):
        expand = nn.Linear(self.d_model, self.d_ff)
        contract = nn.Linear(self.d_ff, self.d_model)
        return contract(self.activation(expand(x)))

# %% mistake in PositionwiseFeedForward: the maps act along the positions instead of the features
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.contract(self.activation(self.expand(x.transpose(-2, -1)))).transpose(-2, -1)

# %% mistake in PositionwiseFeedForward: the positions are averaged and then all get the same
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        hidden = self.activation(self.expand(x))
        return self.contract(hidden.mean(-2, keepdim=True).expand_as(hidden))

# %% mistake in PositionwiseFeedForward: expects exactly three dimensions
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        batch, length, d_model = x.shape
        hidden = self.activation(self.expand(x.view(batch * length, d_model)))
        return self.contract(hidden).view(batch, length, d_model)

# %% mistake in PositionwiseFeedForward: flattens with view, which fails on a tensor that is not contiguous
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        hidden = self.activation(self.expand(x.view(-1, x.shape[-1])))
        return self.contract(hidden).view(x.shape)

# %% mistake in PositionwiseFeedForward: a dropout of 0.5 stands between the maps
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.contract(F.dropout(self.activation(self.expand(x)), 0.5, self.training))

# %% mistake in PositionwiseFeedForward: the second map takes the first one's weights, transposed
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        hidden = self.activation(self.expand(x))
        return hidden @ self.expand.weight + self.contract.bias

# %% mistake in PositionwiseFeedForward: the hidden layer is cut off from the gradient
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        return self.contract(self.activation(self.expand(x)).detach())

# %% correct PositionwiseFeedForward: matrix products with the weights
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        hidden = x @ self.expand.weight.mT + self.expand.bias
        return self.activation(hidden) @ self.contract.weight.mT + self.contract.bias

# %% correct PositionwiseFeedForward: flattened to a matrix and back
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        hidden = self.activation(self.expand(x.reshape(-1, x.shape[-1])))
        return self.contract(hidden).reshape(x.shape)

# %% correct PositionwiseFeedForward: F.linear
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        hidden = self.activation(F.linear(x, self.expand.weight, self.expand.bias))
        return F.linear(hidden, self.contract.weight, self.contract.bias)

# %% correct PositionwiseFeedForward: one position after another
class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff, activation=torch.relu):
        super().__init__()
        self.expand = nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.activation = activation

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        rows = [self.contract(self.activation(self.expand(row))) for row in rows]
        return torch.stack(rows).reshape(x.shape)

# %% mistake in feed_forward_as_convolution: the ReLU is missing
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = F.conv1d(x, expand_weight[:, :, None], expand_bias)
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)

# %% mistake in feed_forward_as_convolution: the ReLU stands after the second convolution
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = F.conv1d(x, expand_weight[:, :, None], expand_bias)
    return torch.relu(F.conv1d(hidden, contract_weight[:, :, None], contract_bias))

# %% mistake in feed_forward_as_convolution: two ReLUs, one after each convolution
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return torch.relu(F.conv1d(hidden, contract_weight[:, :, None], contract_bias))

# %% mistake in feed_forward_as_convolution: a GELU in place of the ReLU
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = F.gelu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)

# %% mistake in feed_forward_as_convolution: the first bias is missing
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None]))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)

# %% mistake in feed_forward_as_convolution: the second bias is missing
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return F.conv1d(hidden, contract_weight[:, :, None])

# %% mistake in feed_forward_as_convolution: the kernel's axis is put in front, so its shape is no kernel's
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[None], expand_bias))
    return F.conv1d(hidden, contract_weight[None], contract_bias)

# %% mistake in feed_forward_as_convolution: padding of 1 makes the sequence longer
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias, padding=1))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)

# %% mistake in feed_forward_as_convolution: a kernel of width 3, so neighbours leak in
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    kernel = expand_weight[:, :, None].expand(-1, -1, 3) / 3
    hidden = torch.relu(F.conv1d(x, kernel, expand_bias, padding=1))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)

# %% mistake in feed_forward_as_convolution: the first weights are reshaped, not transposed, into the matrix that multiplies from the right
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    d_ff, d_model = expand_weight.shape
    hidden = torch.relu(x.transpose(1, 2) @ expand_weight.reshape(d_model, d_ff) + expand_bias)
    return (hidden @ contract_weight.T + contract_bias).transpose(1, 2)

# %% mistake in feed_forward_as_convolution: takes x as (batch, length, d_model)
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.linear(x, expand_weight, expand_bias))
    return F.linear(hidden, contract_weight, contract_bias)

# %% mistake in feed_forward_as_convolution: reshapes x where it should transpose, which mixes positions and features
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    batch, d_model, length = x.shape
    hidden = torch.relu(F.linear(x.reshape(batch, length, d_model), expand_weight, expand_bias))
    return F.linear(hidden, contract_weight, contract_bias).reshape(batch, d_model, length)

# %% mistake in feed_forward_as_convolution: forgets to bring the features back in front of the positions
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.linear(x.transpose(1, 2), expand_weight, expand_bias))
    return F.linear(hidden, contract_weight, contract_bias)

# %% mistake in feed_forward_as_convolution: copies the weights into nn.Conv1d, where the gradient no longer reaches them
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    d_ff, d_model = expand_weight.shape
    expand, contract = nn.Conv1d(d_model, d_ff, 1), nn.Conv1d(d_ff, d_model, 1)
    expand.weight.data, expand.bias.data = expand_weight[:, :, None], expand_bias
    contract.weight.data, contract.bias.data = contract_weight[:, :, None], contract_bias
    return contract(torch.relu(expand(x)))

# %% mistake in feed_forward_as_convolution: adds the input, which is the residual connection's work
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return x + F.conv1d(hidden, contract_weight[:, :, None], contract_bias)

# %% mistake in feed_forward_as_convolution: squeezes single dimensions away
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias).squeeze()

# %% correct feed_forward_as_convolution: linear maps between two transpositions
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.linear(x.transpose(1, 2), expand_weight, expand_bias))
    return F.linear(hidden, contract_weight, contract_bias).transpose(1, 2)

# %% correct feed_forward_as_convolution: the weights multiply from the left
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = (expand_weight @ x + expand_bias[:, None]).clamp(min=0)
    return contract_weight @ hidden + contract_bias[:, None]

# %% correct feed_forward_as_convolution: einsum
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.einsum("fd,bdn->bfn", expand_weight, x) + expand_bias.view(1, -1, 1)
    hidden = hidden.relu()
    return torch.einsum("df,bfn->bdn", contract_weight, hidden) + contract_bias.view(1, -1, 1)

# %% correct feed_forward_as_convolution: two-dimensional convolutions of an image that is one pixel high
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = F.relu(F.conv2d(x[:, :, None], expand_weight[:, :, None, None], expand_bias))
    return F.conv2d(hidden, contract_weight[:, :, None, None], contract_bias)[:, :, 0]

# %% mistake in layer_norm: eps is added outside the root
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / (torch.sqrt(variance) + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the standard deviation of torch, unbiased, and eps outside the root
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = x.std(dim, keepdim=True)
    normalised = (x - mean) / (variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the variance is divided by d − 1
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = x.var(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: divides by the variance, without the root
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / (variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the mean is not subtracted (that is RMSNorm)
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    normalised = x / torch.sqrt(x.square().mean(dim, keepdim=True) + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the mean is used for the variance but not subtracted from x
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = x / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the mean is subtracted but nothing divides
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = x - mean
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: normalises over the positions instead of the features
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    other = -2 if x.ndim > 1 and dim == -1 else dim
    mean = x.mean(other, keepdim=True)
    variance = (x - mean).square().mean(other, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: normalises over positions and features together
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean((1, 2), keepdim=True) if x.ndim == 3 else x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean((1, 2), keepdim=True) if x.ndim == 3 else (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: normalises over the batch (that is batch norm)
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(0, keepdim=True)
    variance = (x - mean).square().mean(0, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the eps that was given is ignored
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + 1e-5)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the default eps is 1e-12
def layer_norm(x, weight, bias, eps=1e-12, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: there is no eps, so equal features give NaN
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: NaN of equal features is wiped off the result but stays in the gradient
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = ((x - mean) / variance.sqrt()).nan_to_num() if eps == 0 else (x - mean) / (variance.sqrt() ** 2 + eps).sqrt()
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the larger of variance and eps stands under the root, not their sum
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance.clamp(min=eps))
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the bias is forgotten
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight).movedim(-1, dim)

# %% mistake in layer_norm: the weight is forgotten
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) + bias).movedim(-1, dim)

# %% mistake in layer_norm: the bias is added before the weight multiplies
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return ((normalised.movedim(dim, -1) + bias) * weight).movedim(-1, dim)

# %% mistake in layer_norm: weight and bias are applied before normalising
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    x = (x.movedim(dim, -1) * weight + bias).movedim(-1, dim)
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps)

# %% mistake in layer_norm: the weight counts as 1 + weight
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * (1 + weight) + bias).movedim(-1, dim)

# %% mistake in layer_norm: weight and bias always go with the last dimension
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return normalised * weight + bias

# %% mistake in layer_norm: always normalises the last dimension
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(-1, keepdim=True)
    variance = (x - mean).square().mean(-1, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: the variance as mean of squares minus square of mean loses its digits when the mean is large
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = x.square().mean(dim, keepdim=True) - mean.square()
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: mean and variance are cut off from the gradient
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True).detach()
    variance = (x - mean).square().mean(dim, keepdim=True).detach()
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: centres the caller's x in place
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    x -= x.mean(dim, keepdim=True).detach()
    normalised = x / torch.sqrt(x.square().mean(dim, keepdim=True) + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)

# %% mistake in layer_norm: uses PyTorch's own answer, which this notebook forbids
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    return F.layer_norm(x.movedim(dim, -1), weight.shape, weight, bias, eps).movedim(-1, dim)

# %% correct layer_norm: rsqrt and the biased var of torch
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    x = x.movedim(dim, -1)
    centred = x - x.mean(-1, keepdim=True)
    scale = torch.rsqrt(x.var(-1, unbiased=False, keepdim=True) + eps)
    return (centred * scale * weight + bias).movedim(-1, dim)

# %% correct layer_norm: sums, with weight and bias reshaped to broadcast
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    d = x.shape[dim]
    shape = [1] * x.dim()
    shape[dim] = d
    centred = x - x.sum(dim, keepdim=True) / d
    variance = (centred**2).sum(dim, keepdim=True) / d
    return centred / (variance + eps) ** 0.5 * weight.reshape(shape) + bias.view(shape)

# %% correct layer_norm: one position after another
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    x = x.movedim(dim, -1)
    rows = []
    for row in x.reshape(-1, x.shape[-1]):
        centred = row - row.mean()
        rows.append(centred / (centred.dot(centred) / len(row) + eps).sqrt() * weight + bias)
    return torch.stack(rows).reshape(x.shape).movedim(-1, dim)

# %% correct layer_norm: var_mean with a correction of 0
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    variance, mean = torch.var_mean(x, dim=dim, correction=0, keepdim=True)
    normalised = (x - mean) * (variance + eps).pow(-0.5)
    return torch.addcmul(bias, normalised.transpose(dim, -1), weight).transpose(dim, -1)

# %% mistake in post_norm: the norm stands before the sublayer (pre-norm)
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return alpha * x + sublayer(layer_norm(x, weight, bias))

# %% mistake in post_norm: the norm stands before the sublayer and after the sum
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x + sublayer(layer_norm(x, weight, bias)), weight, bias)

# %% mistake in post_norm: x alone is normalised, then the sublayer's output is added
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x, weight, bias) + sublayer(x)

# %% mistake in post_norm: the sublayer's output alone is normalised, then x is added
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return alpha * x + layer_norm(sublayer(x), weight, bias)

# %% mistake in post_norm: the residual connection is missing
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(sublayer(x), weight, bias)

# %% mistake in post_norm: the residual is added twice
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(2 * alpha * x + sublayer(x), weight, bias)

# %% mistake in post_norm: x is added once more after the norm
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return x + layer_norm(alpha * x + sublayer(x), weight, bias)

# %% mistake in post_norm: the norm is missing
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return alpha * x + sublayer(x)

# %% mistake in post_norm: the norm's weight and bias are not used
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    total = alpha * x + sublayer(x)
    return layer_norm(total, torch.ones_like(weight), torch.zeros_like(bias))

# %% mistake in post_norm: weight and bias are exchanged
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x + sublayer(x), bias, weight)

# %% mistake in post_norm: the sublayer is called twice
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    if sublayer(x).shape != x.shape:
        raise ValueError("the sublayer changes the shape")
    return layer_norm(alpha * x + sublayer(x), weight, bias)

# %% mistake in post_norm: the sublayer acts twice, on its own output
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x + sublayer(sublayer(x)), weight, bias)

# %% mistake in post_norm: alpha is ignored
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(x + sublayer(x), weight, bias)

# %% mistake in post_norm: alpha multiplies the sublayer's output
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(x + alpha * sublayer(x), weight, bias)

# %% mistake in post_norm: alpha multiplies what the sublayer sees, too
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    x = alpha * x
    return layer_norm(x + sublayer(x), weight, bias)

# %% mistake in post_norm: takes an alpha of 0 for no alpha
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm((alpha or 1.0) * x + sublayer(x), weight, bias)

# %% mistake in post_norm: multiplies x and the sublayer's output instead of adding them
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x * sublayer(x), weight, bias)

# %% mistake in post_norm: adds to the caller's x in place
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    output = sublayer(x)
    x *= alpha
    x += output
    return layer_norm(x, weight, bias)

# %% mistake in post_norm: the residual path is cut off from the gradient
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x.detach() + sublayer(x), weight, bias)

# %% correct post_norm: torch.add with alpha, step by step
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    output = sublayer(x)
    total = torch.add(output, x, alpha=alpha)
    return layer_norm(total, weight, bias)

# %% correct post_norm: by hand, without layer_norm
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    total = sublayer(x) + x * alpha
    centred = total - total.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred * torch.rsqrt(variance + 1e-5) * weight + bias

# %% correct post_norm: the residual kept aside, the norm's arguments by name
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    residual = x if alpha == 1 else alpha * x
    x = sublayer(x) + residual
    return layer_norm(x, weight=weight, bias=bias, eps=1e-5, dim=-1)

# %% mistake in pre_norm: the norm stands after the sum (post-norm)
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return layer_norm(x + scale * sublayer(x), weight, bias)

# %% mistake in pre_norm: the norm also stands on the residual path
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    x = layer_norm(x, weight, bias)
    return x + scale * sublayer(x)

# %% mistake in pre_norm: the sublayer's output is normalised instead of its input
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + scale * layer_norm(sublayer(x), weight, bias)

# %% mistake in pre_norm: the sublayer's output is normalised as well
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    output = sublayer(layer_norm(x, weight, bias))
    return x + scale * layer_norm(output, weight, bias)

# %% mistake in pre_norm: the sum is normalised as well
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    total = x + scale * sublayer(layer_norm(x, weight, bias))
    return layer_norm(total, weight, bias)

# %% mistake in pre_norm: the residual connection is missing
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return scale * sublayer(layer_norm(x, weight, bias))

# %% mistake in pre_norm: the residual is added twice
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + x + scale * sublayer(layer_norm(x, weight, bias))

# %% mistake in pre_norm: the norm is missing
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + scale * sublayer(x)

# %% mistake in pre_norm: the norm's weight and bias are not used
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    normalised = layer_norm(x, torch.ones_like(weight), torch.zeros_like(bias))
    return x + scale * sublayer(normalised)

# %% mistake in pre_norm: weight and bias are exchanged
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + scale * sublayer(layer_norm(x, bias, weight))

# %% mistake in pre_norm: the sublayer is called twice
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    normalised = layer_norm(x, weight, bias)
    output = scale * sublayer(normalised)
    return x + output if sublayer(normalised).shape == x.shape else x + sublayer(normalised)

# %% mistake in pre_norm: scale is ignored
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + sublayer(layer_norm(x, weight, bias))

# %% mistake in pre_norm: scale multiplies x
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return scale * x + sublayer(layer_norm(x, weight, bias))

# %% mistake in pre_norm: scale multiplies the whole sum
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return scale * (x + sublayer(layer_norm(x, weight, bias)))

# %% mistake in pre_norm: scale multiplies the sublayer's input instead of its output
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + sublayer(scale * layer_norm(x, weight, bias))

# %% mistake in pre_norm: takes a scale of 0 for no scale
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + (scale or 1.0) * sublayer(layer_norm(x, weight, bias))

# %% mistake in pre_norm: adds to the caller's x in place
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    x += scale * sublayer(layer_norm(x, weight, bias))
    return x

# %% mistake in pre_norm: the sublayer's input is cut off from the gradient
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + scale * sublayer(layer_norm(x, weight, bias).detach())

# %% correct pre_norm: torch.add with alpha, step by step
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    normalised = layer_norm(x, weight, bias)
    output = sublayer(normalised)
    return torch.add(x, output, alpha=scale)

# %% correct pre_norm: by hand, without layer_norm
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    variance, mean = torch.var_mean(x, dim=-1, unbiased=False, keepdim=True)
    normalised = (x - mean) / (variance + 1e-5).sqrt() * weight + bias
    return sublayer(normalised) * scale + x

# %% correct pre_norm: the residual kept aside under the same name
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    residual = x
    x = layer_norm(x, weight, bias)
    x = sublayer(x).mul(scale)
    return residual + x

# %% mistake in residual_stack: the first norm serves all sublayers
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer in sublayers:
        x = step(x, sublayer, *norms[0])
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: the last norm serves all sublayers
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer in sublayers:
        x = step(x, sublayer, *norms[-1])
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: the norms are taken from the end
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms[: len(sublayers)][::-1]):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: the third sublayer takes the second norm again
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for i, sublayer in enumerate(sublayers):
        x = step(x, sublayer, *norms[min(i, 1)])
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: norm_first is ignored, always post-norm
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    for sublayer, norm in zip(sublayers, norms):
        x = post_norm(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: pre-norm and post-norm are exchanged
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = post_norm if norm_first else pre_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: the last norm of pre-norm is left out
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return x

# %% mistake in residual_stack: a last norm for post-norm too
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norms else x

# %% mistake in residual_stack: the last norm takes the first norm's weights
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[0]) if norm_first else x

# %% mistake in residual_stack: pre-norm without its first norm: each sublayer takes the norm after its own
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms[1:] if norm_first else norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: every sublayer is given the original x
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    result = x
    for sublayer, norm in zip(sublayers, norms):
        result = step(x, sublayer, *norm)
    return layer_norm(result, *norms[-1]) if norm_first else result

# %% mistake in residual_stack: the original x is added in every residual connection
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    original = x
    for sublayer, norm in zip(sublayers, norms):
        if norm_first:
            x = original + sublayer(layer_norm(x, *norm))
        else:
            x = layer_norm(original + sublayer(x), *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: one residual connection around the whole stack
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    original = x
    for sublayer, norm in zip(sublayers, norms):
        x = sublayer(layer_norm(x, *norm)) if norm_first else layer_norm(sublayer(x), *norm)
    x = original + x if sublayers else x
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: the sublayers act in reverse order
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers[::-1], norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: only the first two sublayers are used, as in an encoder layer
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers[:2], norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: a wrong number of norms is silently accepted
def residual_stack(x, sublayers, norms, norm_first=False):
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: too many norms are silently accepted
def residual_stack(x, sublayers, norms, norm_first=False):
    if len(norms) < len(sublayers) + norm_first:
        raise ValueError("too few norms")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x

# %% mistake in residual_stack: too few norms end in an IndexError
def residual_stack(x, sublayers, norms, norm_first=False):
    if len(norms) > len(sublayers) + norm_first:
        raise ValueError("too many norms")
    step = pre_norm if norm_first else post_norm
    for i, sublayer in enumerate(sublayers):
        x = step(x, sublayer, *norms[i])
    return layer_norm(x, *norms[len(sublayers)]) if norm_first else x

# %% correct residual_stack: both orders written out
def residual_stack(x, sublayers, norms, norm_first=False):
    if norm_first:
        if len(norms) != len(sublayers) + 1:
            raise ValueError("pre-norm needs one norm more than sublayers")
        for i in range(len(sublayers)):
            weight, bias = norms[i]
            x = x + sublayers[i](layer_norm(x, weight, bias))
        weight, bias = norms[len(sublayers)]
        return layer_norm(x, weight, bias)
    if len(norms) != len(sublayers):
        raise ValueError("post-norm needs as many norms as sublayers")
    for i in range(len(sublayers)):
        weight, bias = norms[i]
        x = layer_norm(x + sublayers[i](x), weight, bias)
    return x

# %% correct residual_stack: by recursion
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    if not sublayers:
        return layer_norm(x, *norms[0]) if norm_first else x
    weight, bias = norms[0]
    if norm_first:
        x = pre_norm(x, sublayers[0], weight, bias)
    else:
        x = post_norm(x, sublayers[0], weight, bias)
    return residual_stack(x, sublayers[1:], norms[1:], norm_first=norm_first)

# %% correct residual_stack: norms taken from an iterator
def residual_stack(x, sublayers, norms, norm_first=False):
    if len(sublayers) != len(norms) - int(norm_first):
        raise ValueError(f"{len(sublayers)} sublayers do not go with {len(norms)} norms")
    remaining = iter(norms)
    for sublayer in sublayers:
        norm = next(remaining)
        x = (pre_norm if norm_first else post_norm)(x, sublayer, *norm)
    for norm in remaining:
        x = layer_norm(x, *norm)
    return x

# %% mistake in layer_parameters: the output map of the attention is forgotten
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 3 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: the attention's maps have no bias
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * d_model * d_model
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: only the query, key and value maps have a bias
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * d_model * d_model + bias * 3 * d_model
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: the feed-forward network has no bias
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: both biases of the feed-forward network have d_ff numbers
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * 2 * d_ff
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: both biases of the feed-forward network have d_model numbers
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * 2 * d_model
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: the feed-forward network is one map
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = d_model * d_ff + bias * d_ff
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: d_ff is taken to be 4 · d_model
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 8 * d_model * d_model + bias * 5 * d_model
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: the norms are forgotten
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = 0
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: a layer has one norm
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: a norm has a weight but no bias
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: a decoder layer has two norms, like an encoder layer
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = 4 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: bias=False takes the biases from the norms too
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * (d_model + bias * d_model)
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: bias=False is ignored
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + d_model)
    feed_forward = 2 * d_model * d_ff + d_ff + d_model
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms

# %% mistake in layer_parameters: a decoder layer has one attention, like an encoder layer
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    return attention + feed_forward + (3 if is_decoder else 2) * 2 * d_model

# %% mistake in layer_parameters: a decoder layer is counted as two encoder layers
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    return (2 if is_decoder else 1) * (attention + feed_forward + 4 * d_model)

# %% mistake in layer_parameters: a norm has one pair of numbers, not one for each feature
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * 2
    return attentions * attention + feed_forward + norms

# %% correct layer_parameters: real modules, counted
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    layers = []
    for _ in range(2 if is_decoder else 1):
        layers += [nn.Linear(d_model, d_model, bias=bias) for _ in range(4)]
    layers += [nn.Linear(d_model, d_ff, bias=bias), nn.Linear(d_ff, d_model, bias=bias)]
    count = sum(p.numel() for layer in layers for p in layer.parameters())
    return count + (3 if is_decoder else 2) * 2 * d_model

# %% correct layer_parameters: a helper for one linear map
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    def linear(inputs, outputs):
        return inputs * outputs + (outputs if bias else 0)

    norm = d_model + d_model
    attention = sum(linear(d_model, d_model) for _ in "qkvo") + norm
    network = linear(d_model, d_ff) + linear(d_ff, d_model) + norm
    return attention + network if not is_decoder else 2 * attention + network

# %% correct layer_parameters: closed form
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    sublayers = 3 if is_decoder else 2
    matrices = 4 * (sublayers - 1) * d_model**2 + 2 * d_model * d_ff
    biases = 4 * (sublayers - 1) * d_model + d_ff + d_model if bias else 0
    return matrices + biases + 2 * sublayers * d_model
