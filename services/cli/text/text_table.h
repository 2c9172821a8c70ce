// TextTable: rows of text in aligned columns, for a terminal.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith::cli {

// How many columns of a terminal a UTF-8 text takes: none for combining marks, two for wide East
// Asian characters and emoji. Malformed bytes count one each.
int DisplayWidth(absl::string_view text);

// The text cut to at most `width` columns, with "…" where something was cut.
std::string Shortened(absl::string_view text, int width);

// A value type; one thread at a time.
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  // At most this many columns of a terminal in a cell that may be cut, however wide the table may
  // be.
  static constexpr int kCellWidthMax = 1000;
  // So many are left of a column where the others take all.
  static constexpr int kCellWidthMin = 12;

  // Columns that are empty in every row are not shown. Names of resources are there to be copied,
  // so a column can be kept from being cut.
  void AddColumn(std::string title, Align align = Align::kLeft, bool may_cut = true);
  // As many cells as columns. Line breaks and other control characters become spaces.
  void AddRow(std::vector<std::string> cells);
  // A rule is drawn before the next row.
  void AddRule() { rules_.push_back(rows_.size()); }

  bool empty() const { return rows_.empty(); }
  // Cuts the widest cells, as far as they may be cut, so that a row takes `width` columns of the
  // terminal; 0: as many as it likes.
  void Print(int width, std::ostream& out) const;

 private:
  struct Column {
    std::string title;
    Align align;
    bool may_cut;
  };
  // How wide each column is; 0: it is not shown.
  std::vector<int> WidthsWithin(int width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> rules_;
};

}  // namespace kith::cli
