// A pointer that steps from 0 to 5 and starts again.
module pointer(input clk, input rst, input step, output reg [2:0] at);
  always @(posedge clk)
    if (rst) at <= 3'd0;
    else if (step) at <= (at >= 3'd5) ? 3'd0 : at + 3'd1;
endmodule
