// Products of bf16 in the processor's tiles (Intel AMX): a tile has 16 rows of 16 words, and one instruction adds the product of two of them to a third.
#pragma once

#include "lanes.h"

#ifdef RLT_TILES

namespace rlt {

constexpr int64_t kTile = 16;                      // rows, and words of a row
constexpr int64_t kTileBytes = kTile * kTile * 4;  // those of a whole one

// The thread's eight tiles, while they are in use: 0 to 3 hold the sums of up to 32 rows and 32 columns, 4 and 5 rows of the left-hand side, 6 and 7
// columns of the right-hand side.
class Tiles {
 public:
  Tiles() = default;
  Tiles(const Tiles&) = delete;
  ~Tiles() {
    if (rows_ > 0) _tile_release();
  }

  // Gives the tiles the height of so many rows, 1 to 32.
  void set_rows(int64_t rows) {
    if (rows == rows_) return;
    rows_ = rows;
    struct alignas(64) Layout {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {};
    } layout;
    auto upper = static_cast<uint8_t>(rows < kTile ? rows : kTile), lower = static_cast<uint8_t>(rows > kTile ? rows - kTile : 1);
    for (int tile : {0, 1, 4}) layout.rows[tile] = upper;
    for (int tile : {2, 3, 5}) layout.rows[tile] = lower;
    for (int tile : {6, 7}) layout.rows[tile] = kTile;
    asm volatile("" ::: "memory");  // the compiler does not know what memory the instructions of tiles read
    _tile_loadconfig(&layout);
  }

 private:
  int64_t rows_ = 0;
};

// The left-hand side as tiles: bytes between its rows, between steps of kTile words of depth, and between runs of kTile rows.
struct TileRowsSource {
  const char* data;
  int64_t row, step, run;

  // Rows of words that lie `stride` words apart.
  static TileRowsSource of_rows(const uint32_t* data, int64_t stride) {
    return {reinterpret_cast<const char*>(data), stride * 4, kTile * 4, kTile * stride * 4};
  }

  // Tiles one after another: [runs][steps][rows][words].
  static TileRowsSource of_tiles(const void* data, int64_t steps) { return {static_cast<const char*>(data), kTile * 4, kTileBytes, steps * kTileBytes}; }
};

template <bool TWO_RUNS, bool TWO_COLUMNS>
inline void multiply_tile_block(
    float* c, int64_t c_row, TileRowsSource a, const uint32_t* b, int64_t b_row, int64_t steps, bool add, const char* ahead,
    int64_t ahead_step) {
  int64_t c_bytes = c_row * 4, b_bytes = b_row * 4;
  float* c_lower = c + kTile * c_row;
  asm volatile("" ::: "memory");
  if (add) {
    _tile_loadd(0, c, c_bytes);
    if (TWO_COLUMNS) _tile_loadd(1, c + kTile, c_bytes);
    if (TWO_RUNS) _tile_loadd(2, c_lower, c_bytes);
    if (TWO_RUNS && TWO_COLUMNS) _tile_loadd(3, c_lower + kTile, c_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const char* lower = a.data + a.run;
  for (int64_t step = 0; step < steps; step++, a.data += a.step, lower += a.step, b += kTile * b_row) {
    for (int64_t i = 0; i < ahead_step; i += 64) __builtin_prefetch(ahead + i, 0, 2);  // into the second cache
    ahead += ahead_step;
    _tile_loadd(4, a.data, a.row);
    _tile_loadd(6, b, b_bytes);
    _tile_dpbf16ps(0, 4, 6);
    if (TWO_COLUMNS) {
      _tile_loadd(7, b + kTile, b_bytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (TWO_RUNS) {
      _tile_loadd(5, lower, a.row);
      _tile_dpbf16ps(2, 5, 6);
      if (TWO_COLUMNS) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, c_bytes);
  if (TWO_COLUMNS) _tile_stored(1, c + kTile, c_bytes);
  if (TWO_RUNS) _tile_stored(2, c_lower, c_bytes);
  if (TWO_RUNS && TWO_COLUMNS) _tile_stored(3, c_lower + kTile, c_bytes);
}

// C[rows, columns] (+)= A B over `steps` times kTile words, where word row k of B begins at b + k * b_row. `columns` is a multiple of kTile.
// Meanwhile memory that will be wanted is fetched, so many bytes a step.
inline void multiply_tiles(
    Tiles& tiles, float* c, int64_t c_row, TileRowsSource a, const uint32_t* b, int64_t b_row, int64_t rows, int64_t columns, int64_t steps, bool add,
    const char* ahead = nullptr, int64_t ahead_step = 0) {
  for (int64_t m = 0; m < rows; m += 2 * kTile, a.data += 2 * a.run, c += 2 * kTile * c_row, ahead += steps * ahead_step) {
    int64_t height = rows - m < 2 * kTile ? rows - m : 2 * kTile;
    tiles.set_rows(height);
    for (int64_t n = 0; n < columns; n += 2 * kTile) {
      bool two_columns = n + kTile < columns, first = n == 0;
      auto block = height > kTile ? (two_columns ? multiply_tile_block<true, true> : multiply_tile_block<true, false>)
                                  : (two_columns ? multiply_tile_block<false, true> : multiply_tile_block<false, false>);
      block(c + n, c_row, a, b + n, b_row, steps, add, ahead, first ? ahead_step : 0);
    }
  }
}

}  // namespace rlt

#else

namespace rlt {
struct Tiles {};  // this processor has none
}  // namespace rlt

#endif
