// What is remembered of a series of points: where on a circle or on the earth its values usually are. See models/points.py.
#pragma once

#include <cstdint>

namespace points {

constexpr int kPlaces = 16;  // a series keeps to so many at most; a week of working hours has ten
constexpr int32_t kNobody = -1, kMany = -2;

struct Place {
  double weight;      // decayed number of values
  double x, y, z;     // its middle: seconds in `x`, or a unit vector from the middle of the earth
  double square;      // decayed sum of squared distances from it, s^2 or km^2
  int64_t last;       // bucket of the last occasion
  int32_t occasions;  // that were long enough apart to count
  int32_t usual;      // 1 once values are expected here, of those who have been here
  int32_t who[2];     // these, of a series that is alone 0; kNobody, and kMany in both once there were more
};

struct Series {     // that is alone, or a population of members
  int64_t first;   // bucket of the first value
  int64_t last;    // bucket of the newest one
  double count;    // values
  double weight;   // the same, decayed
  double away;     // decayed number of occasions on which a value was at no usual place,
  double further;  // and of all of these but the newest the ln of how far beyond reach of the nearest one, summed
  double newest;   // the same of the newest
  double surprise; // decayed mean of -log10 p of the last values
  int64_t since;   // bucket in which values began to be odd; -1: they are not
  int64_t members; // that had a value
  int64_t places;  // how many there are
  Place place[kPlaces];
};

struct Member {    // of a population; the fields as those of a series
  int32_t population;  // row of it
  int32_t number;      // by which places know who has been there: its own row
  int64_t first, last;
  double count, surprise;
  int64_t since;
};

struct Usual {  // what a value is compared with
  double x, y, z;
  double spread;  // s or km
  double dof;
};

struct Predictive {
  double chance;    // of a value away from all usual places; 1 while nothing is known
  double fall;      // power of the distance with which that becomes less likely
  int64_t geometry;
  double period;    // of the circle, s
  int64_t places;
  Usual place[kPlaces];
};

struct Leaf {
  int64_t row, t;
  double actual, typical, lower, upper, ln_p, count;
  int64_t since;
  int64_t skipped_by;
  Predictive predictive;
};

}  // namespace points
