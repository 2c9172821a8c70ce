// IdPool: the ids and secrets that a decision may need, given to it as values.
//
// They are drawn when first asked for, and given again in the same order after Restart, so that a
// command decided anew after a conflict names the same things. One thread at a time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace kith {

class IdPool {
 public:
  using Draw = absl::AnyInvocable<std::string()>;

  IdPool(Draw draw_id, Draw draw_secret)
      : draw_id_(std::move(draw_id)), draw_secret_(std::move(draw_secret)) {}

  // A ULID.
  std::string Next() { return Take(ids_, next_id_, draw_id_); }
  // 160 random bits, as 32 characters of base32 in lower case.
  std::string NextSecret() { return Take(secrets_, next_secret_, draw_secret_); }

  // Begins again with what was drawn first.
  void Restart() { next_id_ = next_secret_ = 0; }

 private:
  static std::string Take(std::vector<std::string>& drawn, size_t& next, Draw& draw) {
    if (next == drawn.size()) drawn.push_back(draw());
    return drawn[next++];
  }

  Draw draw_id_;
  Draw draw_secret_;
  std::vector<std::string> ids_;
  std::vector<std::string> secrets_;
  size_t next_id_ = 0;
  size_t next_secret_ = 0;
};

}  // namespace kith
