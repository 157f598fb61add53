"""A prior that is fitted to the codes when a model is trained."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

__all__ = ["Prior"]

FLOOR = 1e-3
"""Added to the variances of each Gaussian, so that none collapses onto a code."""
ITERATIONS = 60


class Prior(nn.Module):
    """A mixture of Gaussians over codes; the standard normal where it has none, and until it is fitted.

    Source: Ghosh et al. 2020, arXiv 1903.12436: a density estimated once the autoencoder is trained.

    Args:
        components: Number of Gaussians with full covariances; 0 leaves the standard normal as it is.
        latent_dim: Number of latent variables L.

    Attributes:
        fitted: 1 once it was fitted, before that 0; a scalar.
        share: (M,) the weight of each Gaussian, all together 1.
        mean: (M, L).
        scale: (M, L, L) lower triangles whose products with their transposes are the covariances.
    """

    fitted: Tensor
    share: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, components: int, latent_dim: int) -> None:
        super().__init__()
        self.components = components
        self.latent_dim = latent_dim
        self.register_buffer("fitted", torch.zeros((), dtype=torch.uint8))
        if components:
            self.register_buffer("share", torch.full((components,), 1 / components))
            self.register_buffer("mean", torch.zeros(components, latent_dim))
            self.register_buffer("scale", torch.eye(latent_dim).repeat(components, 1, 1))

    def fit(self, codes: Tensor, rng: torch.Generator) -> None:
        """Fits the mixture to codes (N, L); where there are fewer of them than Gaussians, some of these repeat."""
        self.fitted.fill_(1)
        if not self.components:
            return
        # Only here, as importing them takes a second.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        seed = int(torch.randint(2**31 - 1, (), generator=rng, device=rng.device))
        count = min(self.components, len(codes))
        mixture = GaussianMixture(count, reg_covar=FLOOR, max_iter=ITERATIONS, random_state=seed)
        # One thread, as more of them wait for each other over such small matrices: up to twenty times as long.
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)  # A fixed effort is what is wanted.
            mixture.fit(codes.double().cpu().numpy())
        columns = mixture.weights_, mixture.means_, mixture.covariances_
        share, mean, covariance = (torch.from_numpy(column) for column in columns)
        repeated = torch.arange(self.components) % count
        times = torch.bincount(repeated, minlength=count)
        self.share.copy_((share / times)[repeated])
        self.mean.copy_(mean[repeated])
        self.scale.copy_(torch.linalg.cholesky(covariance)[repeated])

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draws ``n`` codes, (n, L) float32."""
        noise = torch.randn((n, self.latent_dim), generator=rng, device=rng.device)
        if not self.components or n == 0:
            return noise
        chosen = torch.multinomial(self.share, n, replacement=True, generator=rng)
        along: Tensor = (self.scale[chosen] @ noise[:, :, None])[:, :, 0]
        return self.mean[chosen] + along
