// Registers that a synthesis would like to remove: one that is constant, two that
// are equal, one that nothing reads, an array that nothing reads, one that inverts
// an input and one that nothing changes.
module kept(input clk, input rst, input [1:0] address, input [3:0] data, output [3:0] y);
  reg [3:0] constant, equal1, equal2, unread, inverse, still;
  /* verilator lint_off UNUSEDSIGNAL */
  reg [1:0] unreadarray [0:3];
  /* verilator lint_on UNUSEDSIGNAL */
  integer i;
  assign y = equal1 + equal2 + constant + inverse + still;
  always @(posedge clk) begin
    constant <= 4'd5;
    equal1 <= data;
    equal2 <= data;
    inverse <= ~data;
    still <= rst ? 4'd0 : still;
    if (rst) begin
      unread <= 4'd0;
      for (i = 0; i < 4; i = i + 1) unreadarray[i] <= 2'd0;
    end else begin
      unread <= unread ^ data;
      unreadarray[address] <= data[1:0];
    end
  end
endmodule
