"""One thread: the cases are small, and waiting threads are slow on shared cores."""

import torch

torch.set_num_threads(1)
