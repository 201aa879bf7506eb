#include "admin/field_meta.h"

namespace novip::admin {

namespace {

// Names, positions, tags and types are HAProxy 2.6's. What it has and novip has not (TLS,
// compression, memory pools) leaves gaps.
constexpr FieldMeta fields[] = {
    {0, "Name", "POS", "str", "always HAProxy: tools refuse anything else"},
    {1, "Version", "POS", "str", "version of HAProxy that this behaves like"},
    {2, "Release_date", "POS", "str", "of that version"},
    {3, "Nbthread", "CGS", "u32", "workers"},
    {4, "Nbproc", "CGS", "u32", "always 1"},
    {5, "Process_num", "KGP", "u32", "always 1"},
    {6, "Pid", "SGP", "u32", "process id"},
    {7, "Uptime", "MDP", "str", "since the start"},
    {8, "Uptime_sec", "MDP", "u32", "seconds since the start"},
    {9, "Memmax_MB", "CLP", "u32", "limit of memory (-m); 0: none"},
    {13, "Ulimit-n", "CLP", "u32", "limit of file descriptors"},
    {14, "Maxsock", "CLP", "u32", "limit of sockets"},
    {15, "Maxconn", "CLP", "u32", "limit of client connections in force"},
    {16, "Hard_maxconn", "CLP", "u32", "the most that Maxconn can be set to"},
    {17, "CurrConns", "MGP", "u32", "client connections now"},
    {18, "CumConns", "MCP", "u32", "client connections since the start"},
    {19, "CumReq", "MCP", "u32", "sessions since the start"},
    {23, "Maxpipes", "CLP", "u32", "always 0"},
    {24, "PipesUsed", "MGP", "u32", "always 0"},
    {25, "PipesFree", "MGP", "u32", "always 0"},
    {26, "ConnRate", "MRP", "u32", "client connections in the last second"},
    {27, "ConnRateLimit", "CLP", "u32", "none: always 0"},
    {28, "MaxConnRate", "MMP", "u32", "most client connections in one second"},
    {29, "SessRate", "MRP", "u32", "sessions in the last second"},
    {30, "SessRateLimit", "CLP", "u32", "none: always 0"},
    {31, "MaxSessRate", "MRP", "u32", "most sessions in one second"},
    {47, "Tasks", "MGP", "u32", "sessions being served"},
    {48, "Run_queue", "MGP", "u32", "always 0"},
    {49, "Idle_pct", "MaP", "u32", "processor time left unused in the last second, in percent"},
    {50, "node", "COS", "str", "name of this node"},
    {51, "description", "COS", "str", "global description, and who this is"},
    {52, "Stopping", "MGP", "u32", "1 while it ends"},
    {53, "Jobs", "MGP", "u32", "sessions and listeners"},
    {54, "Unstoppable Jobs", "MGP", "u32", "always 0"},
    {55, "Listeners", "MGP", "u32", "listeners of the control thread"},
    {56, "ActivePeers", "MGP", "u32", "always 0"},
    {57, "ConnectedPeers", "MGP", "u32", "always 0"},
    {58, "DroppedLogs", "MGP", "u32", "log lines that could not be sent"},
    {59, "BusyPolling", "MGP", "u32", "always 0"},
    {61, "TotalBytesOut", "MGP", "u64", "bytes sent to clients"},
    {63, "BytesOutRate", "MRP", "u64", "bytes sent to clients in the last second"},
    {66, "Build info", "POS", "str", "as Version"},
    {67, "Memmax_bytes", "CLP", "u32", "limit of memory in bytes; 0: none"},
    {70, "Start_time_sec", "MDP", "u32", "when it was started, seconds since 1970"},
    {71, "Tainted", "SGP", "str", "always 0"},
};

}  // namespace

std::span<const FieldMeta> info_meta() { return fields; }

}  // namespace novip::admin
