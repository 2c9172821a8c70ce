#include "tests/fuzz/targets.h"

namespace kith::fuzz {

const std::vector<Target>& Targets() {
  static const auto& targets = *new std::vector<Target>{
      {"record", FuzzRecord},
      {"filter", FuzzFilter},
      {"order", FuzzOrder},
      {"page_token", FuzzPageToken},
      {"token", FuzzToken},
      {"bearer_token", FuzzBearerToken},
      {"credential_file", FuzzCredentialFile},
      {"update_mask", FuzzUpdateMask},
      {"resource_name", FuzzResourceName},
      {"csv", FuzzCsv},
      {"cards", FuzzCards},
      {"workbook", FuzzWorkbook},
      {"json", FuzzJson},
      {"http_body", FuzzHttpBody},
      {"posted_form", FuzzPostedForm},
      {"beacon", FuzzBeacon},
      {"merge_text", FuzzMergeText},
      {"mail_text", FuzzMailText},
      {"received_mail", FuzzReceivedMail},
      {"request", FuzzRequest},
  };
  return targets;
}

}  // namespace kith::fuzz
