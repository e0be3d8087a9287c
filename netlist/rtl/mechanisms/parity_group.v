// Parity over the bits of one element: a parity bit for every group is stored when the
// element loads, and compared with the stored bits when it is read, or at every clock.
// Neighbouring bits lie in one group, or in INTERLEAVE groups in turn.
module parity_group #(
    parameter WIDTH = 32,       // bits of the element
    parameter GROUP = 32,       // most bits under one parity bit
    parameter INTERLEAVE = 1,   // least number of groups, taken in turn; 1: runs of bits
    parameter GATED = 1         // 1: compared when read; 0: at every clock
) (
    input clk, input rst,
    input load,                 // the element takes d at this clock
    input [WIDTH-1:0] d,
    input [WIDTH-1:0] q,        // what it holds
    input read,
    input others,
    output raised, output irq);
  localparam PIECES = (WIDTH + GROUP - 1) / GROUP;
  localparam GROUPS = INTERLEAVE > PIECES ? INTERLEAVE : PIECES;

  // The bits of a group.
  function [WIDTH-1:0] members(input integer group);
    integer i;
    for (i = 0; i < WIDTH; i = i + 1) members[i] = (INTERLEAVE > 1 ? i % GROUPS : ((i + 1) * GROUPS - 1) / WIDTH) == group;
  endfunction

  reg [GROUPS-1:0] parity;      // the stored parity bits
  wire [GROUPS-1:0] made, held;
  genvar g;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : group
      localparam [WIDTH-1:0] MEMBERS = members(g);
      assign made[g] = ^(d & MEMBERS);
      assign held[g] = ^(q & MEMBERS);
    end
  endgenerate
  always @(posedge clk) if (load) parity <= made;

  wire [GROUPS-1:0] odd;        // groups that disagree, gated one by one
  assign odd = (held ^ parity) & {GROUPS{read | (GATED == 0)}};
  alarm alarm (.clk(clk), .rst(rst), .seen(|odd), .others(others), .raised(raised), .irq(irq));
endmodule
