// Eight signed products a clock, their sum a clock later, added to acc after that.
module mac8(input clk, input rst, input clear, input [63:0] a, input [63:0] b,
            output signed [31:0] y);
  reg signed [15:0] prod [0:7];
  reg signed [18:0] sum;
  reg signed [31:0] acc;
  integer i;
  assign y = acc;
  always @(posedge clk) begin
    for (i = 0; i < 8; i = i + 1)
      prod[i] <= $signed(a[8*i +: 8]) * $signed(b[8*i +: 8]);
    sum <= {{3{prod[0][15]}}, prod[0]} + {{3{prod[1][15]}}, prod[1]}
         + {{3{prod[2][15]}}, prod[2]} + {{3{prod[3][15]}}, prod[3]}
         + {{3{prod[4][15]}}, prod[4]} + {{3{prod[5][15]}}, prod[5]}
         + {{3{prod[6][15]}}, prod[6]} + {{3{prod[7][15]}}, prod[7]};
    if (rst || clear) acc <= 32'd0;
    else acc <= acc + {{13{sum[18]}}, sum};
  end
endmodule
