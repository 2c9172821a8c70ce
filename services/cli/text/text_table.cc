#include "services/cli/text/text_table.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"

namespace kith::cli {
namespace {

constexpr int kGap = 2;  // between columns

struct Range {
  char32_t first;
  char32_t last;
};

// The common blocks of characters without a width, and of two columns.
constexpr Range kCombining[] = {
    {0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                           {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                           {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                           {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <size_t N>
bool InRanges(char32_t rune, const Range (&ranges)[N]) {
  for (const Range& range : ranges) {
    if (rune >= range.first && rune <= range.last) return true;
  }
  return false;
}

// Takes the first character off the text; a malformed byte is a character of its own.
char32_t TakeRune(absl::string_view* text) {
  const uint8_t lead = static_cast<uint8_t>(text->front());
  size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  char32_t rune = length == 1 ? lead : lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (i >= text->size() || (static_cast<uint8_t>((*text)[i]) & 0xC0) != 0x80) {
      rune = 0xFFFD;
      length = 1;
      break;
    }
    rune = rune << 6 | (static_cast<uint8_t>((*text)[i]) & 0x3F);
  }
  text->remove_prefix(length);
  return rune;
}

int RuneWidth(char32_t rune) {
  if (InRanges(rune, kCombining)) return 0;
  return InRanges(rune, kWide) ? 2 : 1;
}

std::string OnOneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

void PrintLine(std::ostream& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

}  // namespace

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) width += RuneWidth(TakeRune(&text));
  return width;
}

std::string Shortened(absl::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  absl::string_view rest = text;
  int used = 0;
  while (true) {
    absl::string_view next = rest;
    used += RuneWidth(TakeRune(&next));
    if (used > width - 1) break;
    rest = next;
  }
  return absl::StrCat(text.substr(0, text.size() - rest.size()), "…");
}

void TextTable::AddColumn(std::string title, Align align, bool may_cut) {
  columns_.push_back({std::move(title), align, may_cut});
}

void TextTable::AddRow(std::vector<std::string> cells) {
  KITH_CHECK(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = OnOneLine(std::move(cell));
  rows_.push_back(std::move(cells));
}

std::vector<int> TextTable::WidthsWithin(int width) const {
  std::vector<int> widths(columns_.size(), 0);
  int total = -kGap;
  int widest = 0;  // of those that may be cut
  for (size_t i = 0; i < columns_.size(); ++i) {
    for (const auto& row : rows_) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    if (widths[i] == 0) continue;
    widths[i] = std::max(widths[i], DisplayWidth(columns_[i].title));
    if (columns_[i].may_cut) {
      widths[i] = std::min(widths[i], kCellWidthMax);
      widest = std::max(widest, widths[i]);
    }
    total += widths[i] + kGap;
  }
  while (width > 0 && total > width && widest > kCellWidthMin) {
    --widest;
    for (size_t i = 0; i < columns_.size() && total > width; ++i) {
      if (!columns_[i].may_cut || widths[i] <= widest) continue;
      --widths[i];
      --total;
    }
  }
  return widths;
}

void TextTable::Print(int width, std::ostream& out) const {
  const std::vector<int> widths = WidthsWithin(width);
  const auto line = [&](const auto& cell_of) {
    std::string text;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string cell = columns_[i].may_cut ? Shortened(cell_of(i), widths[i]) : cell_of(i);
      const std::string padding(widths[i] - DisplayWidth(cell), ' ');
      if (!text.empty()) text += std::string(kGap, ' ');
      text += columns_[i].align == Align::kRight ? padding + cell : cell + padding;
    }
    return text;
  };
  PrintLine(out, line([&](size_t i) { return columns_[i].title; }));
  int total = -kGap;
  for (const int column : widths) total += column == 0 ? 0 : column + kGap;
  for (size_t r = 0; r < rows_.size(); ++r) {
    if (std::find(rules_.begin(), rules_.end(), r) != rules_.end()) {
      PrintLine(out, std::string(std::max(total, 0), '-'));
    }
    PrintLine(out, line([&](size_t i) { return rows_[r][i]; }));
  }
}

}  // namespace kith::cli
