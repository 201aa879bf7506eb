#include "proxy/close_reason.h"

namespace novip::proxy {

namespace {

char letter(Cause cause) {
  switch (cause) {
    case Cause::finished:
      return '-';
    case Cause::client_closed:
      return 'C';
    case Cause::client_timeout:
      return 'c';
    case Cause::server_closed:
      return 'S';
    case Cause::server_timeout:
      return 's';
    case Cause::refused:
      return 'P';
    case Cause::resources:
      return 'R';
    case Cause::marked_down:
    case Cause::role_left:
    case Cause::minority:
      return 'D';
    case Cause::backup_replaced:
      return 'U';
    case Cause::killed:
      return 'K';
  }
  return '-';
}

char letter(Phase phase) {
  switch (phase) {
    case Phase::request:
      return 'R';
    case Phase::hold:
    case Phase::queue:
      return 'Q';
    case Phase::connect:
      return 'C';
    case Phase::data:
      return 'D';
    case Phase::last:
      return 'L';
  }
  return '-';
}

bool cut(Cause cause) {
  return cause == Cause::marked_down || cause == Cause::backup_replaced ||
         cause == Cause::role_left || cause == Cause::minority || cause == Cause::killed;
}

}  // namespace

std::array<char, 3> termination_state(CloseReason reason) {
  const bool forwarding = reason.phase == Phase::data || reason.phase == Phase::last;
  const bool no_phase = reason.cause == Cause::finished || (forwarding && cut(reason.cause));
  return {letter(reason.cause), no_phase ? '-' : letter(reason.phase), '\0'};
}

Cause cause_of(cluster::Cut cut) {
  switch (cut) {
    case cluster::Cut::marked_down:
      return Cause::marked_down;
    case cluster::Cut::backup_replaced:
      return Cause::backup_replaced;
    case cluster::Cut::role_left:
      return Cause::role_left;
    case cluster::Cut::minority:
      return Cause::minority;
    case cluster::Cut::by_admin:
      return Cause::killed;
    case cluster::Cut::none:
      break;
  }
  return Cause::killed;
}

}  // namespace novip::proxy
