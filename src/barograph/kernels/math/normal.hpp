// The tail of the normal distribution, in logarithms: right to ten digits where p itself would underflow.
#pragma once

#include "logarithms.hpp"

namespace math {

// e^(z^2/2) P(Z > z), Z standard normal, z >= 0: (1 + z) times it is a polynomial in (z - 4) / (z + 4), from 0 to infinity
// (relative error 2e-11).
inline double mills(double z) {
  const double t = 1.0 - 8.0 / (z + 4.0);
  const double t2 = t * t;
  const double even = 0.4720532065022599 + t2 * (0.013999635696960631 + t2 * (-0.03219785803182283 + t2 * (-0.00500221091781758 +
      t2 * (0.0006942191972111654 + t2 * (-8.633638674589232e-05 + t2 * (1.1677530398838562e-05 + t2 * -1.1933959265034166e-06))))));
  const double odd = -0.09670347732552526 + t2 * (0.028600363925559553 + t2 * (0.017936100159120432 + t2 * (-0.0002856443898136132 +
      t2 * (-9.434764166770406e-05 + t2 * (2.107830384937337e-05 + t2 * (-3.2413314987415294e-06 + t2 * 3.0850570215043197e-07))))));
  return (even + t * odd) / (1.0 + z);
}

// ln P(Z > z).
inline double ln_normal_above(double z) {
  const double beyond = ln(mills(std::fabs(z))) - 0.5 * z * z;
  return z < 0.0 ? ln_1p(-e_to(beyond)) : beyond;
}

}  // namespace math
