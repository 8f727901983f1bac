// Matrix products of float and bf16.
#pragma once

#include "vector.h"

namespace rlt {

enum class Element : int32_t { kFloat = 0, kBf16 = 1 };

// A matrix as it lies in memory; strides in elements, one of them is 1.
struct Matrix {
  const void* data;
  Element type;
  int64_t row_stride, column_stride;
};

// c[rows, columns] = (add ? c : 0) + a[rows, depth] b[depth, columns] (+ bias[columns], where it is not null, of b's type); c's rows lie c_row
// elements apart.
void product(Matrix a, Matrix b, const void* bias, void* c, Element c_type, int64_t c_row, bool add, int64_t rows, int64_t columns, int64_t depth);

// y[rows, outputs] = x[rows, inputs] weight[outputs, inputs]^T + bias: few rows, the weights read once as they lie. x and y of one type, weight and
// bias of one type.
void linear_rows(
    const void* x, Element x_type, const void* weight, Element weight_type, const void* bias, void* y, int64_t rows, int64_t inputs, int64_t outputs);

}  // namespace rlt
