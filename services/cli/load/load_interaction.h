// Load interactions: what the loads that write send.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "kith/interactions/v1/interaction.pb.h"
#include "services/cli/load/load_kind.h"
#include "services/cli/load/load_text.h"

namespace kith::cli {

// Request ids that no other call of any run has: a client that may retry sends one with each call.
class RequestIds {
 public:
  RequestIds(const LoadTarget& target, int caller)
      : prefix_(absl::StrCat("bench-", target.run, "-", caller, "-")) {}
  std::string Id(uint64_t number) const { return absl::StrCat(prefix_, number); }

 private:
  const std::string prefix_;
};

// E-mails whose subject and text have so many bytes together, and each hundredth a call, which not
// many may react to. One thread at a time.
class LoadInteraction {
 public:
  LoadInteraction(int text_bytes, int caller)
      : subject_bytes_(std::min(text_bytes, kSubjectBytes)),
        body_bytes_(text_bytes - subject_bytes_),
        text_(static_cast<uint64_t>(caller)),
        filled_(static_cast<uint64_t>(caller)) {}

  void Fill(interactions::v1::Interaction* interaction) {
    interaction->set_kind(++filled_ % 100 == 0 ? interactions::v1::CALL : interactions::v1::EMAIL);
    interaction->set_direction(interactions::v1::INBOUND);
    interaction->set_subject(text_.Make(static_cast<size_t>(subject_bytes_)));
    interaction->set_body(text_.Make(static_cast<size_t>(body_bytes_)));
  }

 private:
  static constexpr int kSubjectBytes = 30;

  const int subject_bytes_;
  const int body_bytes_;
  LoadText text_;
  uint64_t filled_;  // not from 0 for all: a short run has its calls, too
};

}  // namespace kith::cli
