/** "Why the name?": seven short sections, each with a figure to drag. docs/literature.md and docs/gradient-flow.md are its ground. */

import { DualFlow, Infinitesimal } from "./gradientFlow.tsx";
import { Gaussianization, Residual } from "./inSteps.tsx";
import { Composition, Constant, PushForward } from "./oneDimension.tsx";

export default function Article() {
  return (
    <article>
      <p>
        A flow pushes a simple distribution, the base, forward to that of the data. Its inverse goes back: if
        the base is normal, a bell curve, it makes the data normal. Both words of "normalizing flow" are about
        that way back, as it was first walked: in small steps.
      </p>
      <section>
        <h3>1. Push forward, change variables</h3>
        <p>
          Take numbers under a bell curve, and send each through an increasing, differentiable map. No number
          is lost, so the probability of a strip stays the same. A strip that is stretched to twice its width
          is half as dense. This is all that a flow needs to give an exact density.
        </p>
        <PushForward />
      </section>
      <section>
        <h3>2. Compose</h3>
        <p>
          One simple map does little. But maps can follow each other, and the inverse of the whole is the
          inverses in reverse order. Such maps are the layers in the picture above, and the terms of the probe
          are the logarithms of what each does to the density.
        </p>
        <Composition />
      </section>
      <section>
        <h3>3. In the limit: a flow in time</h3>
        <p>
          Make each map smaller, and take more of them: in the end the points drift like grains in a stream,
          and where they have drifted to by time t is a flow in the mathematician's sense. Here they start as
          data, and drift so that they become normal: each towards where the bell curve is higher, and away
          from where the points crowd.
        </p>
        <Infinitesimal />
        <p>
          How well a density fits is said by the log-likelihood L: the mean of log p over the data, high where
          the model puts much density on the points that there are. A gradient is the direction in which
          something rises fastest, and this drift is a <b>gradient flow</b>: of all drifts of the same mean
          squared speed, it is the one in which L rises fastest. The small steps of the next section follow it
          in a smoother form; the figure shows it without that smoothing. How the density of such points
          changes is known as the Fokker–Planck equation. R. Jordan, D. Kinderlehrer and F. Otto (1998) found
          that it is a steepest descent, of the divergence: a number that says how far the points are from the
          bell curve, and is 0 only where they have reached it. It is the same as our ascent: L is minus that
          divergence but for a constant, so where the one falls, the other rises.
        </p>
      </section>
      <section>
        <h3>4. The dual flow to normality</h3>
        <p>
          Of points one knows no density whose gradient one could take. E. Tabak and E. Vanden-Eijnden (2010)
          go up L by elementary maps instead, along random orthogonal directions "towards normality": each is
          a small step, and what it should do is found from the points alone. The ascent is dual: the same
          steps take the points to the bell curve, and run backwards they take the bell curve to a density of
          the data. In the same year "normalizing flows" stood in a title, of J. Agnelli, M. Cadeiras, E.
          Tabak, C. Turner and E. Vanden-Eijnden.
        </p>
        <DualFlow />
      </section>
      <section>
        <h3>5. Gaussianization</h3>
        <p>
          Older than the name, and a flow in steps as well. Turning the points leaves L as it is, and making
          each axis normal raises it: by the divergences of the axes from the bell curve, added up.
        </p>
        <Gaussianization />
      </section>
      <section>
        <h3>6. Residual maps as small steps</h3>
        <p>
          A residual layer x + g(x) looks like one step of a differential equation. If g is a contraction, the
          layer is a bijection. The limit of many such steps, each smaller and all learned, is a continuous
          flow (R. Chen and others 2018, W. Grathwohl and others 2019): a flow of a differential equation
          again, but its velocity is learned, and is not the gradient of L.
        </p>
        <Residual />
      </section>
      <section>
        <h3>7. What is called what</h3>
        <p>
          The name spread with D. Rezende and S. Mohamed (2015), for maps that are trained, all at once, by
          gradients in their parameters. Their layers are no steps in time: on the way to the base a layer
          need not bring the points nearer to it, as the slider shows. So the name is historical for most of
          what bears it. (That the density stays normalized, that its integral stays 1, is no reason for the
          name: so it does under every map, as no probability is lost.) And people call many things a flow:
          the map, one layer of it, the fitted model. In these pages a <b>bijection</b> pushes a{" "}
          <b class="base">base</b> <b>forward</b> to the data, its <b>inverse</b> normalizes, and a{" "}
          <b>flow</b> is the distribution: base and bijection together.
        </p>
        <Constant />
      </section>
      <p class="note">
        Sources: J. Friedman, "Exploratory projection pursuit" (1987). R. Jordan, D. Kinderlehrer, F. Otto,
        "The variational formulation of the Fokker–Planck equation" (1998). S. Chen, R. Gopinath,
        "Gaussianization" (2000). E. Tabak, E. Vanden-Eijnden, "Density estimation by dual ascent of the
        log-likelihood" (2010). J. Agnelli and others, "Clustering and classification through normalizing
        flows in feature space" (2010). V. Laparra, G. Camps-Valls, J. Malo, "Iterative Gaussianization: from
        ICA to random rotations" (2011). E. Tabak, C. Turner, "A family of nonparametric density estimation
        algorithms" (2013). D. Rezende, S. Mohamed, "Variational inference with normalizing flows" (2015). R.
        Chen, Y. Rubanova, J. Bettencourt, D. Duvenaud, "Neural ordinary differential equations" (2018). W.
        Grathwohl and others, "FFJORD" (2019). J. Behrmann and others, "Invertible residual networks" (2019).
        R. Chen, J. Behrmann, D. Duvenaud, J. Jacobsen, "Residual flows" (2019).
      </p>
    </article>
  );
}
