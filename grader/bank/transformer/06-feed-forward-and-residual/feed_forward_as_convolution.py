"""Known answers to feed_forward_as_convolution; grader/bank/__init__.py explains the format."""


# %% mistake: the ReLU is missing
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = F.conv1d(x, expand_weight[:, :, None], expand_bias)
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)


# %% mistake: the ReLU stands after the second convolution
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = F.conv1d(x, expand_weight[:, :, None], expand_bias)
    return torch.relu(F.conv1d(hidden, contract_weight[:, :, None], contract_bias))


# %% mistake: two ReLUs, one after each convolution
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return torch.relu(F.conv1d(hidden, contract_weight[:, :, None], contract_bias))


# %% mistake: a GELU in place of the ReLU
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = F.gelu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)


# %% mistake: the first bias is missing
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None]))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)


# %% mistake: the second bias is missing
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return F.conv1d(hidden, contract_weight[:, :, None])


# %% mistake: the kernel's axis is put in front, so its shape is no kernel's
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[None], expand_bias))
    return F.conv1d(hidden, contract_weight[None], contract_bias)


# %% mistake: padding of 1 makes the sequence longer
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias, padding=1))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)


# %% mistake: a kernel of width 3, so neighbours leak in
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    kernel = expand_weight[:, :, None].expand(-1, -1, 3) / 3
    hidden = torch.relu(F.conv1d(x, kernel, expand_bias, padding=1))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias)


# %% mistake: the first weights are reshaped, not transposed, into the matrix that multiplies from the right
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    d_ff, d_model = expand_weight.shape
    hidden = torch.relu(x.transpose(1, 2) @ expand_weight.reshape(d_model, d_ff) + expand_bias)
    return (hidden @ contract_weight.T + contract_bias).transpose(1, 2)


# %% mistake: takes x as (batch, length, d_model)
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.linear(x, expand_weight, expand_bias))
    return F.linear(hidden, contract_weight, contract_bias)


# %% mistake: reshapes x where it should transpose, which mixes positions and features
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    batch, d_model, length = x.shape
    hidden = torch.relu(F.linear(x.reshape(batch, length, d_model), expand_weight, expand_bias))
    return F.linear(hidden, contract_weight, contract_bias).reshape(batch, d_model, length)


# %% mistake: forgets to bring the features back in front of the positions
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.linear(x.transpose(1, 2), expand_weight, expand_bias))
    return F.linear(hidden, contract_weight, contract_bias)


# %% mistake: copies the weights into nn.Conv1d, where the gradient no longer reaches them
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    d_ff, d_model = expand_weight.shape
    expand, contract = nn.Conv1d(d_model, d_ff, 1), nn.Conv1d(d_ff, d_model, 1)
    expand.weight.data, expand.bias.data = expand_weight[:, :, None], expand_bias
    contract.weight.data, contract.bias.data = contract_weight[:, :, None], contract_bias
    return contract(torch.relu(expand(x)))


# %% mistake: adds the input, which is the residual connection's work
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return x + F.conv1d(hidden, contract_weight[:, :, None], contract_bias)


# %% mistake: squeezes single dimensions away
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.conv1d(x, expand_weight[:, :, None], expand_bias))
    return F.conv1d(hidden, contract_weight[:, :, None], contract_bias).squeeze()


# %% correct: linear maps between two transpositions
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.relu(F.linear(x.transpose(1, 2), expand_weight, expand_bias))
    return F.linear(hidden, contract_weight, contract_bias).transpose(1, 2)


# %% correct: the weights multiply from the left
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = (expand_weight @ x + expand_bias[:, None]).clamp(min=0)
    return contract_weight @ hidden + contract_bias[:, None]


# %% correct: einsum
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = torch.einsum("fd,bdn->bfn", expand_weight, x) + expand_bias.view(1, -1, 1)
    hidden = hidden.relu()
    return torch.einsum("df,bfn->bdn", contract_weight, hidden) + contract_bias.view(1, -1, 1)


# %% correct: two-dimensional convolutions of an image that is one pixel high
def feed_forward_as_convolution(x, expand_weight, expand_bias, contract_weight, contract_bias):
    hidden = F.relu(F.conv2d(x[:, :, None], expand_weight[:, :, None, None], expand_bias))
    return F.conv2d(hidden, contract_weight[:, :, None, None], contract_bias)[:, :, 0]
