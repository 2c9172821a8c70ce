#include "projections/store/index_keys.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <tuple>

namespace kith::projections {
namespace {

// Many that are the beginning of one another, or of it and a position.
std::string AnyEntry() {
  return *rc::gen::container<std::string>(rc::gen::element<char>('\0', '\1', '\xff', 'a'));
}

Position AnyPosition() {
  return Position(*rc::gen::element<uint64_t>(0, 1, 2, 255, 256, uint64_t{1} << 56, ~uint64_t{0}));
}

bool Parse(const std::string& key, const std::string& value, std::string* buffer, IndexSpan* span) {
  return ParseMoments(key, value, span) && ParseEntry(key, buffer, span);
}

RC_GTEST_PROP(IndexKeys, StandInTheOrderOfEntriesThenOfPositions, ()) {
  const std::string a = AnyEntry(), b = AnyEntry();
  const Position until_a = AnyPosition(), until_b = AnyPosition();
  RC_ASSERT((std::tie(a, until_a) < std::tie(b, until_b)) ==
            (ClosedKey(a, until_a) < ClosedKey(b, until_b)));
  RC_ASSERT((a < b) == (LiveKey(IndexKind::kVersioned, a) < LiveKey(IndexKind::kVersioned, b)));
}

RC_GTEST_PROP(IndexKeys, OfARangeAreThoseOfItsEntries, ()) {
  const KeyRange range{AnyEntry(), AnyEntry()};
  const std::string entry = AnyEntry();
  const bool is_within = range.Contains(entry);
  for (const IndexKind kind : {IndexKind::kVersioned, IndexKind::kCurrent}) {
    RC_ASSERT(LiveKeys(kind, range).Contains(LiveKey(kind, entry)) == is_within);
    RC_ASSERT(!LiveKeys(kind, range).Contains(ClosedKey(entry, AnyPosition())));
    RC_ASSERT(!ClosedKeys(range).Contains(LiveKey(kind, entry)));
  }
  RC_ASSERT(ClosedKeys(range).Contains(ClosedKey(entry, AnyPosition())) == is_within);
}

RC_GTEST_PROP(IndexKeys, ParseToTheSpanTheyWereMadeOf, ()) {
  const std::string entry = AnyEntry();
  const Position from = AnyPosition(), to = AnyPosition();
  std::string buffer;
  IndexSpan span;
  for (const IndexKind kind : {IndexKind::kVersioned, IndexKind::kCurrent}) {
    const std::string key = LiveKey(kind, entry);
    RC_ASSERT(Parse(key, FromValue(from), &buffer, &span));
    RC_ASSERT(span.kind == kind && span.entry == entry && span.from == from);
    RC_ASSERT(!span.to.has_value());
    RC_ASSERT(SpanKeys().Contains(key));
  }
  const std::string key = ClosedKey(entry, to);
  RC_ASSERT(Parse(key, FromValue(from), &buffer, &span));
  RC_ASSERT(span.kind == IndexKind::kVersioned && span.entry == entry);
  RC_ASSERT(span.from == from && span.to == to);
  RC_ASSERT(SpanKeys().Contains(key));

  // What is cut off or goes on is no span.
  const auto size = *rc::gen::inRange<size_t>(0, key.size());
  RC_ASSERT(!Parse(key.substr(0, size), FromValue(from), &buffer, &span));
  RC_ASSERT(!Parse(key + "x", FromValue(from), &buffer, &span));
  RC_ASSERT(!Parse(key, FromValue(from) + "x", &buffer, &span));
  RC_ASSERT(!Parse(key, "", &buffer, &span));
}

}  // namespace
}  // namespace kith::projections
