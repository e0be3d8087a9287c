// The alarm of a mechanism: a flop that holds what was seen once, and the gate that joins
// it to the interrupt of the NPU.
module alarm (
    input clk, input rst,
    input seen,          // a contradiction at this clock
    input others,        // interrupt of all else
    output reg raised,
    output irq);
  assign irq = raised | others;
  always @(posedge clk)
    if (rst) raised <= 1'b0;
    else raised <= raised | seen;
endmodule
